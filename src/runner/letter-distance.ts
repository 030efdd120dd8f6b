import { distance } from 'fastest-levenshtein';

/**
 * How many letters must be added, left out or replaced to make one of the two texts into the other; 1 where two
 * that are side by side have changed places.
 */
export function letterDistance(a: string, b: string): number {
  const letters = [...a];
  const others = [...b];
  const first = letters.findIndex((letter, index) => letter !== others[index]);
  const [one = '', two = ''] = letters.splice(first, 2);
  letters.splice(first, 0, two, one);
  return first >= 0 && letters.join('') === b ? 1 : distance(a, b);
}
