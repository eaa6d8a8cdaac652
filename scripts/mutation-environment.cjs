// A mutant is found by the first test that fails: the others need not run. Jest has no such switch within a file.
const NodeEnvironment = require('@stryker-mutator/jest-runner/jest-env/node')

module.exports = class extends NodeEnvironment {
  #hasFailed = false

  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0) this.#hasFailed = true
    if (name === 'test_start' && this.#hasFailed) test.mode = 'skip'
  }
}
