import { isUuid } from '../nodion/responses.ts';
import { letterDistance } from '../runner/letter-distance.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';

const NAMES_SHOWN = 5;

/**
 * The names that are most like `name`, those first that contain it or a part of it: `the nearest names are
 * "shop", "shop-staging"`. Null where there are no names.
 */
export function nearestNames(name: string, names: Iterable<string>): Sentence | null {
  const wanted = plain(name);
  const nearest = [...new Set(names)]
    .map((candidate) => ({ candidate, far: distances(wanted, plain(candidate)) }))
    .sort((a, b) => a.far.part - b.far.part || a.far.whole - b.far.whole)
    .slice(0, NAMES_SHOWN)
    .map(({ candidate }) => sentence`"${candidate}"`);
  if (nearest.length === 0) return null;
  return sentence`the nearest ${ours(nearest.length === 1 ? 'name is' : 'names are')} ${joined(nearest, ', ')}`;
}

/** That nothing of the kind has the name, with the nearest names, or `ifNone` where there are none. */
export function noneNamed(
  name: string,
  names: readonly string[],
  { kind, idInput, ifNone }: { kind: Sentence; idInput: string; ifNone: Sentence },
): Sentence {
  const hint = isUuid(name)
    ? sentence`that is an ID: use \`${ours(idInput)}\``
    : (nearestNames(name, names) ?? ifNone);
  return sentence`No ${kind} is called "${name}"; ${hint}.`;
}

/** How far it is from the candidate, and from the part of it that is the nearest. */
function distances(wanted: string, candidate: string): { part: number; whole: number } {
  const whole = letterDistance(wanted, candidate);
  const isPart = candidate !== '' && (candidate.includes(wanted) || wanted.includes(candidate));
  const parts = candidate.split(/[^\p{L}\p{N}]+/u).map((part) => letterDistance(wanted, part));
  return { part: isPart ? 0 : Math.min(whole, ...parts), whole };
}

function plain(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
