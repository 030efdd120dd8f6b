import { statSync } from 'node:fs';
import { basename } from 'node:path';

/** They take longest: what starts late ends late. */
const SLOWEST = [
  'random-faults',
  'stages',
  'proxy',
  'wire',
  'rollback-proof',
  'health',
  'silent-name-server',
  'http-limits',
  'smoke',
  'check-health',
  'transcripts',
  'not-sent',
];

/** Which file comes before which: the slowest, and then the larger ones. */
export default class Sequencer {
  sort(tests) {
    const keyed = Array.from(tests, (test) => ({ test, key: keyOf(test.path) }));
    return keyed.sort(({ key: [a, b] }, { key: [c, d] }) => a - c || b - d).map(({ test }) => test);
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
  const place = SLOWEST.indexOf(basename(path, '.test.ts'));
  return [place === -1 ? SLOWEST.length : place, -statSync(path).size];
}
