import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString, takeCoverage } from 'node:v8';
import { TestEnvironment } from 'jest-environment-node';

// Node 20 spends a tenth of the time on optimizing what is over before that pays. 24 knows no such flag.
if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=400000');

/**
 * jest-circus runs each test in an AsyncLocalStorage, which on Node 20 makes each promise cost more. It
 * tells `expect` which of several tests at once is asking, for snapshots, which none of those here has.
 */
AsyncLocalStorage.prototype.run = (_store, callback, ...given) => callback(...given);

export default class Environment extends TestEnvironment {
  async setup() {
    await super.setup();
    // `expect.any(String)` compares with the framework's own, see runtime.js.
    Object.assign(this.global, { String, Number, Boolean, BigInt, Symbol });
    // For fakes-once.js.
    this.global.importOnce = (url) => import(url);
  }

  async teardown() {
    // At its end a worker is killed before it has written its coverage.
    if (process.env.STEP_COVERAGE) takeCoverage();
    await super.teardown();
  }
}
