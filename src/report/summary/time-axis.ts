/**
 * The ticks that mermaid honours, in milliseconds. It takes `120second` for every second of the minute that
 * 120 divides, which is every full minute: a tick must divide its next unit.
 */
const TICKS = [
  [100, '100millisecond'],
  [200, '200millisecond'],
  [500, '500millisecond'],
  [1_000, '1second'],
  [2_000, '2second'],
  [5_000, '5second'],
  [10_000, '10second'],
  [15_000, '15second'],
  [30_000, '30second'],
  [60_000, '1minute'],
  [120_000, '2minute'],
  [300_000, '5minute'],
  [600_000, '10minute'],
  [900_000, '15minute'],
  [1_800_000, '30minute'],
  [3_600_000, '1hour'],
  [7_200_000, '2hour'],
  [10_800_000, '3hour'],
  [21_600_000, '6hour'],
  [43_200_000, '12hour'],
] as const;

/** With neighbours that differ by a factor of 2.5 at most, that makes 3 to 9 ticks. */
const FEWEST_TICKS = 3.5;

/** The statements for a time axis of `lengthMs`, with 3 to 9 ticks. */
export function timeAxis(lengthMs: number): string {
  const fitting = TICKS.findLast(([ms]) => lengthMs / ms >= FEWEST_TICKS);
  const [ms, interval] = fitting ?? TICKS[0];
  const format = ms < 1_000 ? '%M:%S.%L' : ms < 60_000 ? '%H:%M:%S' : '%H:%M';
  return `axisFormat ${format}\ntickInterval ${interval}\n`;
}
