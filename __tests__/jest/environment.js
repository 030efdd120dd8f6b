import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString, takeCoverage } from 'node:v8';
import { TestEnvironment } from 'jest-environment-node';

// Node 20 spends a tenth of the time on optimizing what is over before that pays. 24 knows no such flag.
if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=400000');

const { run } = AsyncLocalStorage.prototype;

/**
 * jest-circus makes an AsyncLocalStorage for each test file, which outlives the file: on Node 20 each
 * promise of all files after it costs more. Here it ends with its file.
 */
export default class Environment extends TestEnvironment {
  storages = new Set();

  async setup() {
    const { storages } = this;
    AsyncLocalStorage.prototype.run = function (...given) {
      storages.add(this);
      return run.apply(this, given);
    };
    await super.setup();
  }

  async teardown() {
    for (const storage of this.storages) storage.disable();
    // At its end a worker is killed before it has written its coverage.
    if (process.env.STEP_COVERAGE) takeCoverage();
    await super.teardown();
  }
}
