/**
 * Loaded before each test file: a file that hangs, or leaves something open, fails and says what is open, where it would hold up the whole run.
 */
import { after } from "node:test";

/** On the slowest machine the longest file takes a third of it. */
const FILE_MS = 900_000;
/** What is closing when the last test ends gets this long. */
const CLOSING_MS = 30_000;

function endAfter(milliseconds: number, why: string): void {
  setTimeout(() => {
    console.error(`${why}; open: ${process.getActiveResourcesInfo().join(", ")}`);
    process.exit(1);
  }, milliseconds).unref();
}

endAfter(FILE_MS, `the file did not end within ${FILE_MS / 1000} s`);
after(() => endAfter(CLOSING_MS, `the process did not end within ${CLOSING_MS / 1000} s of its last test`));
