import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/**
 * The folder of temporary files, in memory where Linux has such a one: a busy disk holds up a step for
 * seconds. Programs may be forbidden to run there.
 */
export const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
