import { availableParallelism } from 'node:os';
import { sep } from 'node:path';
import TestRunner from 'jest-runner';

/** What computes in virtual time, what mostly sleeps, and the rest. */
const POOLS = [['virtual'], ['bundle', 'sockets']];

/** Runs each of these in processes of its own: none waits for another, or warms up what it does not run. */
export default class Runner extends TestRunner {
  constructor(config, context) {
    super(config, context);
    const computing = { ...config, maxWorkers: Math.max(1, availableParallelism() - 1) };
    this.runners = [computing, config, computing].map((of) => new TestRunner(of, context));
  }

  async runTests(tests, watcher, options) {
    if (options.serial) return super.runTests(tests, watcher, options);
    await Promise.all(
      this.runners.map((runner, pool) => {
        const own = tests.filter(({ path }) => poolOf(path) === pool);
        return runner.runTests(own, watcher, options);
      }),
    );
  }

  on(event, listener) {
    const ends = [super.on(event, listener), ...this.runners.map((one) => one.on(event, listener))];
    return () => {
      for (const end of ends) end();
    };
  }
}

function poolOf(path) {
  const folder = path.split(`${sep}__tests__${sep}`).at(-1).split(sep).at(0);
  const pool = POOLS.findIndex((folders) => folders.includes(folder));
  return pool === -1 ? POOLS.length : pool;
}
