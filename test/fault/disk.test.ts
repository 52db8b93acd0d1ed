import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { newState, removeState, startPlant } from "../support/plant.ts";
import { until } from "../support/until.ts";

test("a full disk is said once and counted, live data go on, and everything is stored again when there is room", async (t) => {
  const disk = await newState();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]);
  if (mounted.status !== 0) return t.skip("a small disk cannot be mounted here (needs root)");
  const plant = await startPlant({ stateDir: path.join(disk, "state"), env: { FPLUS_RATE_MS: "100" } });
  t.after(async () => {
    await plant.stop();
    spawnSync("umount", [disk]);
    await removeState(disk);
  });
  await plant.printed(/live values/);
  const part = async (kind: string): Promise<{ status: string; counters: Readonly<Record<string, number>> }> => {
    const found = (await plant.health()).find((each) => each.kind === kind);
    assert.ok(found, kind);
    return found;
  };
  await until("the first samples", async () => ((await part("historian")).counters["written"] ?? 0) > 500);

  const ballast = path.join(disk, "ballast");
  assert.throws(() => {
    for (;;) appendFileSync(ballast, new Uint8Array(65_536));
  }, /ENOSPC/);
  const said = plant.output().length;
  await until("a history that cannot be stored", async () => (await part("historian")).status !== "up");
  await until("an edge node without a spool", async () => (await part("sparkplug-edge")).status === "degraded");
  const { counters: before } = await part("sparkplug-host");
  await until("live data all the same", async () => {
    const { counters } = await part("sparkplug-host");
    return counters["samples"]! > before["samples"]! + 5000;
  });
  const edge = await part("sparkplug-edge");
  assert.ok(edge.counters["unkept"]! > 1000);
  assert.equal(edge.counters["dropped"], 0);
  const errors = plant
    .output()
    .slice(said)
    .split("\n")
    .filter((line) => line.includes("✖"));
  assert.ok(
    errors.some((line) => /spool/.test(line) && /no space/i.test(line)),
    errors.join("\n"),
  );
  assert.ok(
    errors.some((line) => /histor/.test(line)),
    errors.join("\n"),
  );
  assert.ok(errors.length <= 4, errors.join("\n"));

  rmSync(ballast);
  const { counters: full } = await part("historian");
  await until("history again", async () => {
    const { status, counters } = await part("historian");
    return status === "up" && counters["written"]! > full["written"]! + 2000;
  });
  await until("a spool again", async () => (await part("sparkplug-edge")).status === "up");
  return undefined;
});
