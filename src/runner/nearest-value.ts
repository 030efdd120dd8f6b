/** Shown whole; a longer text is refused for its length. */
const LONGEST = 100;

const BOOLEANS: Readonly<Record<string, string>> = {
  ...{ yes: 'true', y: 'true', on: 'true', 1: 'true' },
  ...{ no: 'false', n: 'false', off: 'false', 0: 'false' },
};

/** What `input` takes and is written like `text`: `true` for `yes`, `15m` for `15 min`; null for none. */
export function nearestValue(text: string, input: { parse(text: string): unknown }): string | null {
  if (text.length > LONGEST) return null;
  const word = text.toLowerCase();
  const candidates = [word, BOOLEANS[word], toDuration(word)];
  return candidates.find((one) => one !== undefined && isTaken(one, input)) ?? null;
}

function isTaken(text: string, input: { parse(text: string): unknown }): boolean {
  try {
    input.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Of `15 min`, `1 hour 30 minutes`, `1d`, `500ms` or ISO 8601's `pt15m`. */
function toDuration(word: string): string | undefined {
  const [, days, ms] = /^([\d.]+) *(?:d|days?|(ms|milliseconds?))$/.exec(word) ?? [];
  if (days) return ms ? `${Number(days) / 1_000}s` : `${Number(days) * 24}h`;
  if (!/^(?:pt)?[\d.]/.test(word)) return undefined;
  return word
    .replace(/^pt|[\s,]+|\band\b/g, '')
    .replace(/([hms])(?:rs?|ours?|ins?|inutes?|ecs?|econds?)(?![a-z])/g, '$1');
}
