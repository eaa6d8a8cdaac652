// Prints one line at the end of a test run.
export default class SummaryReporter {
  onRunComplete(_, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    this.summary = `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${numPendingTests} skipped`
    process.on('exit', () => console.log(this.summary))
  }
}
