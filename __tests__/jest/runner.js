import { availableParallelism } from 'node:os';
import { sep } from 'node:path';
import TestRunner from 'jest-runner';

/** Of these files most of the time is waiting. */
const SLEEPING = ['bundle', 'sockets'].map((folder) => `${sep}__tests__${sep}${folder}${sep}`);

/** Runs what sleeps beside what computes, each in processes of its own: neither waits for the other. */
export default class Runner extends TestRunner {
  constructor(config, context) {
    super({ ...config, maxWorkers: availableParallelism() }, context);
    this.sleepers = new TestRunner(config, context);
  }

  async runTests(tests, watcher, options) {
    if (options.serial) return super.runTests(tests, watcher, options);
    const isSleeping = ({ path }) => SLEEPING.some((folder) => path.includes(folder));
    await Promise.all([
      this.sleepers.runTests(tests.filter(isSleeping), watcher, options),
      super.runTests(
        tests.filter((test) => !isSleeping(test)),
        watcher,
        options,
      ),
    ]);
  }

  on(event, listener) {
    const ends = [super.on(event, listener), this.sleepers.on(event, listener)];
    return () => {
      for (const end of ends) end();
    };
  }
}
