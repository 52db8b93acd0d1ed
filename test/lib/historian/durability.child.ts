/**
 * Writes to an embedded historian for ever, batch n after batch n; prints n when it is acknowledged, and an error's code.
 * Arguments: folder, first n, and the size a file may have (a full disk).
 */
import { execFileSync } from "node:child_process";
import { FplusError } from "../../../lib/errors/index.ts";
import { openHistorian } from "../../../lib/historian/index.ts";
import { SampleBatch, signals } from "../../../lib/sample/index.ts";

const [directory = "", first = "0", limit] = process.argv.slice(2);
const ids = Array.from({ length: 20 }, (_, i) => signals.intern({ source: "kill", device: "m", metric: String(i) }).id);
const store = openHistorian({ engine: "embedded", directory });
await store.open();
if (limit !== undefined) execFileSync("/usr/bin/prlimit", ["--pid", String(process.pid), `--fsize=${limit}:unlimited`]);

for (let n = Number(first); ; n++) {
  const batch = new SampleBatch(ids.length * 10);
  for (const id of ids) for (let k = 0; k < 10; k++) batch.addValue(id, 10, n + k / 10, 1e12 + n * 100 + k);
  try {
    await store.write(batch);
    process.stdout.write(`${n}\n`);
  } catch (error) {
    process.stdout.write(`${error instanceof FplusError ? error.code : String(error)}\n`);
    n -= 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
