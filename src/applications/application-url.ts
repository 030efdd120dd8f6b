import type { ApplicationClient } from '../nodion/client.ts';
import type { Domain } from '../nodion/responses.ts';
import { nextTurn } from '../time/deadline.ts';

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
  // Node looks up two names at a time: those for the trigger go first.
  await nextTurn();
  return await application.domains({ signal, lane: 'background' }).then(applicationUrl, () => null);
}

/** Letters, digits, hyphens and dots, and no IP address in disguise, such as `0x7f.1`. */
function isHostName(name: string): boolean {
  if (name.length > 253 || !HOST_NAME.test(name) || !URL.canParse(`https://${name}`)) return false;
  const { hostname } = new URL(`https://${name}`);
  return hostname === name.toLowerCase() && !/^[\d.]+$/.test(hostname);
}
