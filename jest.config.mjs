// The tests run as tsc compiled them; source maps lead back to the TypeScript.
export default {
  rootDir: 'build',
  testMatch: ['<rootDir>/__tests__/**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  reporters: ['default', '<rootDir>/../scripts/summary-reporter.mjs'],
}
