const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 };
const NUMBER = String.raw`(?:\d+(?:\.\d+)?|\.\d+)`;
const DURATION = new RegExp(`^(?:(?:${NUMBER}h)?(?:${NUMBER}m)?(?:${NUMBER}s)?|${NUMBER})$`);

/** Milliseconds of a duration such as `90s`, `15m`, `1h`, `1m30s`, `1.5m` or a bare number of seconds; null for any other text. */
export function parseDuration(text: string): number | null {
  if (text === '' || !DURATION.test(text)) return null;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(new RegExp(`(${NUMBER})([hms]?)`, 'g'))) {
    ms += Number(amount) * (UNITS_MS[unit || 's'] ?? 0);
  }
  return ms;
}

/** `ms` milliseconds for a person: `4.2 s`, `1 min 30 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return parts([Math.floor(seconds / 60), 'min'], [seconds % 60, 's']);
  const minutes = Math.round(seconds / 60);
  return parts([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
}

function parts(...units: [number, string][]): string {
  return units
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}
