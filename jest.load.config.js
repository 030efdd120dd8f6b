import config from './jest.config.js';

/**
 * The tests that load the machine, one after the other: beside others they would make those late, and be
 * late themselves.
 * @type {import('jest').Config}
 */
export default {
  ...config,
  maxWorkers: 1,
  testMatch: ['<rootDir>/__tests__/load/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
