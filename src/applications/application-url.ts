import type { ApplicationClient } from '../nodion/client.ts';
import { type NodionError, withoutAdvice } from '../nodion/errors.ts';
import type { Domain } from '../nodion/responses.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';

const LABEL = '[a-z\\d](?:[a-z\\d-]*[a-z\\d])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, 'i');

/**
 * The application's address by its domains: the first `available` one, `main` before others, as
 * `https://…`; null for none. A domain that is no plain host name is passed over.
 */
export function applicationUrl(domains: readonly Domain[]): string | null {
  const usable = domains.filter(({ name, status }) => status === 'available' && isHostName(name));
  const first = usable.find(({ type }) => type === 'main') ?? usable[0];
  return first ? `https://${first.name.toLowerCase()}` : null;
}

/**
 * The address, where the step can do without it: asked for once, when nothing else waits. Null where it
 * can't be known. Never rejects.
 */
export async function readUrl(
  application: ApplicationClient,
  signal: AbortSignal,
): Promise<string | null> {
  return await application.domains({ signal, lane: 'background' }).then(applicationUrl, () => null);
}

/** Why the path in `health_url` can't be asked at the application called `name`: no domain, or an error. */
export function missingUrl(path: string, name: Sentence, error: NodionError | null): Sentence[] {
  const needs = sentence`\`health_url\`: "${path}" needs the address of ${name}`;
  return [
    error
      ? sentence`${needs}, which can't be read: ${withoutAdvice(error)}`
      : sentence`${needs}, which has no domain that is available.`,
    sentence`Give the whole address in \`health_url\`.`,
  ];
}

/** Letters, digits, hyphens and dots, and no IP address in disguise, such as `0x7f.1`. */
function isHostName(name: string): boolean {
  if (name.length > 253 || !HOST_NAME.test(name) || !URL.canParse(`https://${name}`)) return false;
  const { hostname } = new URL(`https://${name}`);
  return hostname === name.toLowerCase() && !/^[\d.]+$/.test(hostname);
}
