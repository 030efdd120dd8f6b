import { type Conclusion, hasGoneLive } from './conclusion.ts';

/**
 * The last state of the GitHub deployment for all applications of a step, in GitHub's words; null leaves
 * it `in_progress`, since something goes on at Nodion.
 */
export function gitHubState(
  conclusions: readonly Conclusion[],
): 'success' | 'failure' | 'error' | null {
  const kinds = conclusions.map(({ kind }) => kind);
  if (kinds.includes('timed_out') || kinds.includes('cancelled')) return 'error';
  if (kinds.includes('failure')) return 'failure';
  return conclusions.every(hasGoneLive) ? 'success' : null;
}
