import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FplusError } from "../../../../lib/errors/index.ts";
import { openHistorian } from "../../../../lib/historian/index.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";
import { seededRandom } from "../../../support/random.ts";

const SIGNALS = 5;
const SAMPLES = 1500;
const valueAt = (signal: number, time: number): number => Math.sin(signal + 1) * time;

/** A number of a signal, named by its path, at a time. */
export type Row = readonly [path: string, time: number, value: number];

/** The rows as a batch. */
export function batchOf(registry: SignalRegistry, rows: readonly Row[]): SampleBatch {
  const batch = new SampleBatch(rows.length);
  for (const [path, time, value] of rows) {
    const [source = "", device = "", metric = ""] = path.split("/");
    batch.addValue(registry.intern({ source, device, metric }).id, ValueType.Double, value, time);
  }
  return batch;
}

/**
 * Damages a historian's file at random places, round after round, and reads it: every sample that comes is one that was written, and
 * every failure is an error of ours. What fails names its seed.
 */
export async function damageRounds(
  firstSeed: number,
  rounds: number,
  folder: () => string,
): Promise<{ readable: number }> {
  const registry = new SignalRegistry();
  const origin = folder();
  const store = openHistorian({ engine: "embedded", directory: origin, registry });
  for (let from = 0; from < SAMPLES; from += 300) {
    const rows: Row[] = [];
    for (let time = from; time < from + 300; time++)
      for (let signal = 0; signal < SIGNALS; signal++) rows.push([`p/m/${signal}`, time, valueAt(signal, time)]);
    await store.write(batchOf(registry, rows));
  }
  await store.close();
  const whole = readFileSync(path.join(origin, "history.sqlite"));
  let readable = 0;
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const random = seededRandom(seed);
    const bytes = Buffer.from(whole);
    const flips = 1 + Math.floor(random() * 20);
    for (let i = 0; i < flips; i++) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    const directory = folder();
    const cut = random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length;
    writeFileSync(path.join(directory, "history.sqlite"), bytes.subarray(0, cut));
    readable += await readDamaged(directory, `seed ${seed}`);
  }
  return { readable };
}

/** Reads each signal for itself; how many samples came. */
async function readDamaged(directory: string, round: string): Promise<number> {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory, registry });
  let count = 0;
  const tried = async (what: string, run: () => Promise<void>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      assert.ok(error instanceof FplusError, `${round}, ${what}: ${String(error)}`);
      assert.equal(error.code, "historian.io", `${round}, ${what}: ${error.message}`);
    }
  };
  for (let signal = 0; signal < SIGNALS; signal++) {
    const named = { signals: [`p/m/${signal}`], from: 0, to: SAMPLES };
    await tried("query", async () => {
      for (const { time, value } of await store.query(named)) {
        count += time.length;
        const wrong = time.findIndex((at, i) => value[i] !== valueAt(signal, at));
        assert.equal(wrong, -1, `${round}: ${value[wrong]} at ${time[wrong]} of signal ${signal}`);
      }
    });
    await tried("aggregate", async () => {
      const windows = await store.query({ ...named, aggregate: "max", windowMs: SAMPLES });
      for (const { value } of windows) {
        const possible = value.every((max) => Math.abs(max) <= SAMPLES);
        assert.ok(possible, `${round}: a maximum of ${value.join()} of signal ${signal}`);
      }
    });
  }
  await tried("write", async () => {
    await store.write(batchOf(registry, [["p/m/0", SAMPLES + 1, 1]]));
  });
  await tried("close", () => store.close());
  return count;
}
