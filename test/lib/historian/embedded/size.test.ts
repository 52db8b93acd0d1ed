import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openHistorian } from "../../../../lib/historian/index.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { seededRandom } from "../../../support/random.ts";

const SAMPLES = 1_000_000;
const SERIES = 100;
/** Seconds of all series a batch, and batches on their way at once. */
const SECONDS = 50;
const AT_ONCE = 20;
const T0 = Date.UTC(2026, 0, 15);
const MOST_BYTES = 4;

test("a million samples of regular series take no more than four bytes each, all files of the folder counted", async (t) => {
  const directory = temporaryFolder(t);
  const registry = new SignalRegistry();
  const random = seededRandom(7);
  const ids = Array.from(
    { length: SERIES },
    (_, i) => registry.intern({ source: "Acme/Leeds", device: `Machine${i % 6}`, metric: `Tag ${i}`, unit: "Cel" }).id,
  );
  const batchAt = (start: number): SampleBatch => {
    const batch = new SampleBatch(SERIES * SECONDS);
    for (let second = start; second < start + SECONDS; second++) {
      ids.forEach((id, s) => {
        // Two decimals with noise, as a plant's sensors send.
        const value = Math.round((50 + s + 10 * Math.sin(second / 300) + random()) * 100) / 100;
        batch.addValue(id, ValueType.Double, value, T0 + second * 1000);
      });
    }
    return batch;
  };
  const store = openHistorian({ engine: "embedded", directory, registry });
  const end = SAMPLES / SERIES;
  for (let second = 0; second < end; second += SECONDS * AT_ONCE) {
    const starts = Array.from({ length: AT_ONCE }, (_, i) => second + i * SECONDS).filter((start) => start < end);
    await Promise.all(starts.map((start) => store.write(batchAt(start))));
  }
  await store.close();
  const files = readdirSync(directory);
  const bytes = files.reduce((sum, file) => sum + statSync(path.join(directory, file)).size, 0) / SAMPLES;
  t.diagnostic(`${bytes.toFixed(2)} bytes a sample`);
  assert.ok(bytes <= MOST_BYTES, `${bytes.toFixed(2)} bytes a sample`);

  // It was the file that gave room back, not samples.
  const again = openHistorian({ engine: "embedded", directory, registry });
  const range = { from: T0, to: T0 + end * 1000, windowMs: end * 1000 };
  const counted = await again.query({ signals: ["Acme/**"], ...range, aggregate: "count" });
  await again.close();
  const held = counted.reduce((sum, { value }) => sum + value.reduce((a, b) => a + b, 0), 0);
  assert.equal(held, SAMPLES);
});
