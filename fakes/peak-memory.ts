import { readFileSync } from 'node:fs';

/**
 * The most memory that this process ever had, in MB. On Linux by the kernel's figure of this program alone:
 * `maxRSS` there begins with that of the process that started it, which holds the fakes.
 */
export function peakMemoryMb(): number {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const [, own] = /VmHWM:\s+(\d+)/.exec(status) ?? [];
  return Math.round(Number(own ?? process.resourceUsage().maxRSS) / 1_000);
}

/** For Node's command line or NODE_OPTIONS: the process writes that to standard error at its end. */
export const PRINT_PEAK_MEMORY = `--import=data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeSync } from 'node:fs';
  ${peakMemoryMb}
  process.on('exit', () => writeSync(2, String(peakMemoryMb())));`)}`;
