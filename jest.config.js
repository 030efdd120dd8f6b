/** @type {import('jest').Config} */
export default {
  // A scenario mostly sleeps, and a file ends with its longest one: more of both at once than cores.
  maxWorkers: 7,
  maxConcurrency: 8,
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
