import { statSync } from 'node:fs';
import { basename, sep } from 'node:path';

/** They take longest, nearly all of it asleep: what starts late ends late. */
const SLEEPERS = [
  'random-faults',
  'rollback-proof',
  'stages',
  'proxy',
  'wire',
  'health',
  'secrecy',
];

/** Which file comes before which: those that sleep, those with processes, and then the larger ones. */
export default class Sequencer {
  sort(tests) {
    const keyed = Array.from(tests, (test) => ({ test, key: keyOf(test.path) }));
    return keyed.sort((a, b) => compare(a.key, b.key)).map(({ test }) => test);
  }
  shard(tests) {
    return tests;
  }
  allFailedTests(tests) {
    return tests;
  }
  cacheResults() {}
}

function keyOf(path) {
  const place = path.includes(`${sep}bundle${sep}`)
    ? SLEEPERS.indexOf(basename(path, '.test.ts'))
    : Infinity;
  return [place === -1 ? SLEEPERS.length : place, -statSync(path).size];
}

function compare([a, b], [c, d]) {
  return a === c ? b - d : a < c ? -1 : 1;
}
