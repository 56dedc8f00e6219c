/**
 * Prints `N passed, N failed, N skipped` alone on a line from vitest's JSON report, the file named as
 * argument. Exits with 1 unless something passed and nothing failed. A test file that could not be
 * loaded counts as one failure, and so does a run that vitest itself calls unsuccessful.
 */
import fs from 'node:fs'

function readReport(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    process.stderr.write(`test-summary: no report of the test run: ${error.message}\n`)
    return { success: false, testResults: [] }
  }
}

function count(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of report.testResults) {
    let failed = 0
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed += 1
      else if (status === 'failed') failed += 1
      else counts.skipped += 1
    }
    counts.failed += file.status === 'failed' ? Math.max(failed, 1) : failed
  }
  return counts
}

const report = readReport(process.argv[2])
const { passed, failed, skipped } = count(report)
// An error outside every test (an unhandled rejection) fails the run without failing a test.
const unattributed = report.success === false && failed === 0 && passed > 0 ? 1 : 0
process.stdout.write(`${passed} passed, ${failed + unattributed} failed, ${skipped} skipped\n`)
process.exitCode = passed > 0 && failed + unattributed === 0 ? 0 : 1
