/**
 * Broker, historian and OPC UA server as real processes, each killed for a minute in mid-run:
 * what is missing in the store afterwards. `FPLUS_BENCH_OUTAGE_S` sets the length.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { BenchResult } from "../../../scripts/bench.ts";
import { caughtUp, missingCounts, openRig } from "../../fault/outage.ts";
import { findProgram } from "../../support/services.ts";
import { residentMegabytes } from "../process.ts";

export async function run(): Promise<BenchResult> {
  const seconds = Number(process.env["FPLUS_BENCH_OUTAGE_S"] || 60);
  const influxd = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
  if (influxd === undefined) throw new Error("influxd is not installed");
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-outage-"));
  const rig = await openRig(folder, influxd);
  try {
    await rig.plant.printed(/live values/);
    const rows: Record<string, string | number>[] = [];
    for (const which of ["broker", "historian", "opcua"] as const) {
      await caughtUp(rig);
      const before = count(await rig.stored());
      await rig.outage(which, seconds * 1000);
      const back = performance.now();
      await caughtUp(rig);
      const recovered = (performance.now() - back) / 1000;
      const stored = await rig.stored();
      const parts = await rig.plant.health();
      rows.push({
        killed: which,
        "for (s)": seconds,
        "samples since": count(stored) - before,
        missing: stored.flatMap((counts) => missingCounts(counts)).length,
        dropped: parts.reduce(
          (sum, { counters }) => sum + (counters["dropped"] ?? 0) + (counters["droppedBatches"] ?? 0),
          0,
        ),
        "caught up after (s)": Math.round(recovered * 10) / 10,
        "plant (MB)": Math.round(residentMegabytes(rig.plant.pid)),
      });
    }
    return {
      title: `Servers killed for ${seconds} s each, 20 counting tags at 10 Hz, Mosquitto and InfluxDB 1.x`,
      rows,
    };
  } finally {
    await rig.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function count(stored: readonly (readonly number[])[]): number {
  return stored.reduce((sum, counts) => sum + counts.length, 0);
}
