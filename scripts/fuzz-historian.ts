/**
 * `npm run fuzz:historian [rounds] [first seed]`: files of the embedded historian, damaged at random places and read again.
 * Ends with the seed of the first value that was never written, or of the first failure that is no error of the suite.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { damageRounds } from "../test/lib/historian/embedded/damage-rounds.ts";

const [rounds = 1000, firstSeed = 1] = process.argv.slice(2).map(Number);

const made: string[] = [];
const folder = (): string => {
  const one = mkdtempSync(path.join(os.tmpdir(), "fplus-fuzz-"));
  // The first holds the file that all others are copies of.
  for (const old of made.splice(1)) rmSync(old, { recursive: true, force: true });
  made.push(one);
  return one;
};
try {
  const { readable } = await damageRounds(firstSeed, rounds, folder);
  console.log(`${rounds} damaged files: ${readable} samples read, none of them wrong`);
} finally {
  for (const one of made) rmSync(one, { recursive: true, force: true });
}
