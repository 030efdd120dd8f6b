/**
 * Limits how long name servers that never answer may hold the process: Node waits at its exit for a
 * look-up under way, by glibc's default for 10 s and more, which is when the runner kills a cancelled
 * step. glibc asks three servers at most, for the name and once more in a search domain: 6 s. Must be called before the first look-up. RES_OPTIONS in the environment takes precedence.
 */
export function limitNameServers(): void {
  process.env.RES_OPTIONS ??= 'timeout:1 attempts:1';
}
