/**
 * Limits how long a name server that never answers may hold the process: Node waits at its exit for a
 * look-up under way, by glibc's default for 10 s, which is when the runner kills a cancelled step.
 * Must be called before the first look-up. RES_OPTIONS in the environment takes precedence.
 */
export function limitNameServers(): void {
  process.env.RES_OPTIONS ??= 'timeout:2 attempts:1';
}
