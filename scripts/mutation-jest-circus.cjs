// Stryker has Jest load every test file of a group for each mutant. Most of that time is for files none of whose tests reach the mutant.
// Stryker takes it because its name has `jest-circus`.
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { createEmptyTestResult } = require('@jest/test-result')
const { default: circus } = require('jest-circus/runner')

/** Jest takes a file without tests for a mistake. */
const test = {
  title: '',
  fullName: '',
  ancestorTitles: [],
  status: 'pending',
  failureMessages: [],
  failureDetails: [],
  numPassingAsserts: 0,
}
const skipped = { ...createEmptyTestResult(), numPendingTests: 1, testResults: [test] }

module.exports = async (globalConfig, config, environment, runtime, testPath, ...rest) => {
  const list = `${testPath}.names` // in the sandbox, which Stryker deletes
  const isMutated = process.env.__STRYKER_ACTIVE_MUTANT__ !== undefined
  if (isMutated && globalConfig.testNamePattern && existsSync(list)) {
    const wanted = new RegExp(globalConfig.testNamePattern, 'i') // as jest-circus reads it
    if (!JSON.parse(readFileSync(list, 'utf8')).some((name) => wanted.test(name))) return skipped
  }
  const result = await circus(globalConfig, config, environment, runtime, testPath, ...rest)
  if (!isMutated) writeFileSync(list, JSON.stringify(result.testResults.map(({ fullName }) => fullName)))
  return result
}
