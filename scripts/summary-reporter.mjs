// Prints what `npm test` left out, and one line at the end of a test run.
export default class SummaryReporter {
  onRunComplete(_, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    this.summary = `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${numPendingTests} skipped`
    process.on('exit', () => {
      if (process.env.TESTS_LEFT_OUT) console.log(process.env.TESTS_LEFT_OUT)
      console.log(this.summary)
    })
  }
}
