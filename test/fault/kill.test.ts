import assert from "node:assert/strict";
import { test } from "node:test";
import path from "node:path";
import { openHistorian } from "../../lib/historian/index.ts";
import { startCounter } from "../support/counter.ts";
import { newState, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";
import { missingCounts } from "./outage.ts";

const TAGS = 20;

test("kill -9: what was acknowledged is there after a new start, and births bring the rest up to date", async (t) => {
  const [opcuaPort, ...ports] = await freePorts(4);
  const stateDir = await newState();
  const counter = await startCounter(opcuaPort!, TAGS, 100);
  const env = { FPLUS_OPCUA_ENDPOINT: counter.url };
  t.after(async () => {
    await counter.stop();
    await removeState(stateDir);
  });

  let plant = await startPlant({ stateDir, ports, env });
  await plant.printed(/live values/);
  const written = async (): Promise<number> =>
    (await plant.health()).find(({ kind }) => kind === "historian")?.counters["written"] ?? 0;
  await until("some hundred samples", async () => (await written()) > 600);
  const acknowledged = await written();
  await plant.kill();
  const killedAt = Date.now();

  plant = await startPlant({ stateDir, ports, env });
  await plant.printed(/live values/);
  await until("new samples", async () => (await written()) > 200);
  assert.doesNotMatch(plant.output(), /✖/);
  assert.equal(await plant.stop(), 0);

  const store = openHistorian({ engine: "embedded", directory: path.join(stateDir, "fplus/historian") });
  await store.open();
  t.after(() => store.close());
  const series = await store.query({ signals: ["**/Count*"], from: 0, to: Date.now() + 1000 });
  assert.equal(series.length, TAGS);
  let before = 0;
  for (const { time, value } of series) {
    const counts = [...value];
    const held = time.filter((at) => at <= killedAt).length;
    before += held;
    assert.deepEqual(missingCounts(counts.slice(0, held)), [], "a hole before the kill");
    assert.deepEqual(missingCounts(counts.slice(held)), [], "a hole after the new start");
    assert.ok(counts.length > held);
  }
  // A birth repeats each tag's newest sample under the same time, and a handful of samples are the edge node's own.
  assert.ok(before >= acknowledged - TAGS - 5, `${before} of ${acknowledged} acknowledged samples are there`);
});
