/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/__tests__/jest/environment.js',
  runner: '<rootDir>/__tests__/jest/runner.js',
  runtime: '<rootDir>/__tests__/jest/runtime.js',
  testSequencer: '<rootDir>/__tests__/jest/sequencer.js',
  // Of those that mostly sleep, see the runner.
  maxWorkers: 5,
  maxConcurrency: 20,
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  // `npm run test:load` runs those.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__tests__/load/'],
  extensionsToTreatAsEsm: ['.ts'],
  // build/ holds a second copy of everything: jest must not look there.
  modulePathIgnorePatterns: ['<rootDir>/build/'],
  testTimeout: 120_000,
  transform: {
    '/fakes/.*\\.ts$': '<rootDir>/__tests__/jest/fakes-once.js',
    '\\.ts$': '<rootDir>/__tests__/jest/strip-types.js',
  },
  collectCoverageFrom: ['src/**/*.ts'],
};
