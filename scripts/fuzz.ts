/**
 * `npm run fuzz [million rounds] [first seed]`: the Sparkplug decoder against two others on mutated payloads.
 * Ends with the seed, round and bytes of the first difference.
 */
import { type FuzzCount, fuzz } from "../test/support/sparkplug/differential.ts";

const BATCH = 100_000;
const [millions = 1, firstSeed = 1] = process.argv.slice(2).map(Number);

const total: FuzzCount = { rounds: 0, same: 0, refused: 0, undecided: 0 };
for (let seed = firstSeed; total.rounds < millions * 1e6; seed++) {
  const count = fuzz(seed, BATCH);
  total.rounds += count.rounds;
  total.same += count.same;
  total.refused += count.refused;
  total.undecided += count.undecided;
  process.stdout.write(`\r${(total.rounds / 1e6).toFixed(1)} million payloads, no difference`);
}
console.log(
  `\nthe same as both others ${total.same}, malformed and refused ${total.refused}, the others disagree ${total.undecided}`,
);
