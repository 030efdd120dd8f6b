import { distance } from 'fastest-levenshtein';

/** How many letters must be added, left out or replaced to make one of the two texts into the other. */
export function letterDistance(a: string, b: string): number {
  return distance(a, b);
}
