// The tests run as tsc compiled them; source maps lead back to the TypeScript.
export default {
  rootDir: 'build',
  testMatch: ['<rootDir>/__tests__/**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 30_000, // no test of speed: a busy machine has time
  globalSetup: '<rootDir>/__tests__/support/rsa-keys.js',
  testSequencer: '<rootDir>/../scripts/test-sequencer.mjs',
  setupFilesAfterEnv: ['<rootDir>/__tests__/support/assertions.js'],
  reporters: ['default', '<rootDir>/../scripts/summary-reporter.mjs'],
}
