/** @type {import('jest').Config} */
export default {
  // The scenarios mostly sleep: more of them at once than there are cores.
  maxWorkers: 3,
  maxConcurrency: 12,
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
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
