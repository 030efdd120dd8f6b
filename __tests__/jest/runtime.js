import { createRequire } from 'node:module';
import JestRuntime from 'jest-runtime';

/** Loads what jest's framework is made of once for all files of a process. Jest itself compiles it for each. */
export default class Runtime extends JestRuntime {
  requireInternalModule(from, to) {
    return to ? createRequire(from)(to) : super.requireInternalModule(from);
  }
}
