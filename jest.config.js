/** @type {import('jest').Config} */
export default {
  // A scenario in a process mostly sleeps, and one in virtual time computes: more at once than cores, but
  // with seven workers on two cores each test was as slow as on a busy machine.
  maxWorkers: 4,
  maxConcurrency: 12,
  testSequencer: '<rootDir>/jest.sequencer.js',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  // `npm run test:load` runs those.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/__tests__/load/'],
  extensionsToTreatAsEsm: ['.ts'],
  // build/ holds a second copy of everything: jest must not look there.
  modulePathIgnorePatterns: ['<rootDir>/build/'],
  testTimeout: 120_000,
  transform: {
    '\\.ts$': [
      'babel-jest',
      {
        babelrc: false,
        configFile: false,
        presets: [['@babel/preset-typescript', { onlyRemoveTypeImports: true }]],
      },
    ],
  },
  collectCoverageFrom: ['src/**/*.ts'],
};
