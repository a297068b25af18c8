// Sums vitest's JSON reports into the line that CI ends with. A report that is missing is a failure.
import { readFileSync } from 'node:fs';

let [passed, failed, skipped] = [0, 0, 0];
for (const file of process.argv.slice(2)) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    const brokenFiles = report.testResults.filter(
      result => result.status === 'failed' && result.assertionResults.length === 0,
    );
    failed += brokenFiles.length;
  } catch {
    console.error(`no report at ${file}: its runner did not come to an end`);
    failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
