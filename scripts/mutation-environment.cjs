// The first test that fails detects a mutant, so the others need not run. Jest has no option for that within a file.
const NodeEnvironment = require('@stryker-mutator/jest-runner/jest-env/node')

module.exports = class extends NodeEnvironment {
  #hasFailed = false

  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0) this.#hasFailed = true
    if (name === 'test_start' && this.#hasFailed) test.mode = 'skip'
  }
}
