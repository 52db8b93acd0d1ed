import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { mosquittoProgram } from "../support/mosquitto.ts";
import { findProgram, missing } from "../support/services.ts";
import { until } from "../support/until.ts";
import { caughtUp, missingCounts, openRig, type Rig } from "./outage.ts";

const influxd = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
/** A minute each in the bench `outage`; here as long as the plant needs to notice. */
const OUTAGE_MS = 6_000;

describe("a server is killed and comes back", () => {
  let rig: Rig | undefined;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "fplus-outage-"));
    if (influxd === undefined || mosquittoProgram === undefined) return;
    rig = await openRig(folder, influxd);
    await rig.plant.printed(/live values/);
  });
  after(async () => {
    await rig?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const which of ["broker", "historian", "opcua"] as const) {
    test(`${which}: no sample that was acquired is missing afterwards, and the plant was never restarted`, async (t) => {
      if (missing(t, "influxd", influxd) || missing(t, "mosquitto", mosquittoProgram)) return;
      await caughtUp(rig!);
      const before = (await rig!.stored()).map((counts) => counts.length);
      await rig!.outage(which, OUTAGE_MS);
      await until("samples from after the outage", async () =>
        (await rig!.stored()).every((counts, i) => counts.length > before[i]! + 20),
      );
      await caughtUp(rig!);
      const stored = await rig!.stored();
      assert.equal(stored.length, 20);
      for (const counts of stored) assert.deepEqual(missingCounts(counts), []);
      assert.doesNotMatch(rig!.plant.output(), /the plant ended|uncaught/i);
      const parts = await rig!.plant.health();
      const lost = parts.flatMap(({ kind, counters }) =>
        (counters["dropped"] ?? 0) + (counters["droppedBatches"] ?? 0) > 0 ? [kind] : [],
      );
      assert.deepEqual(lost, []);
    });
  }
});
