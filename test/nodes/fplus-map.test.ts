import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, afterEach, test } from "node:test";
import type { NodeAPI } from "node-red";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import { batchFromPlain, SampleBatch } from "../../lib/sample/index.ts";
import map from "../../nodes/fplus-map/fplus-map.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, type TestNode, unloadFlow } from "../support/nodes.ts";
import { until } from "../support/until.ts";

const catchNode = createRequire(import.meta.url)("@node-red/nodes/core/common/25-catch.js") as (RED: NodeAPI) => void;

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

type Heard = Record<string, unknown> & { payload: unknown };

function hear(node: TestNode): Heard[] {
  const heard: Heard[] = [];
  node.on("input", (msg) => heard.push(msg as Heard));
  return heard;
}

const RULES = [
  { device: "Press*", tag: "T", name: "temperature", unit: "[degF]", max: 300 },
  { tag: "V", name: "v" },
  { tag: "I", name: "i" },
  { name: "power", formula: "v * i" },
  { tag: "S", name: "sum", formula: "$sum(value)" },
  { tag: "E", formula: "$sqrt(value)" },
];

async function start(t: Parameters<typeof temporaryFolder>[0], more: object) {
  const node = await loadFlow(
    temporaryFolder(t),
    [map, catchNode],
    [
      { id: "f", type: "tab", label: "f" },
      {
        id: "m",
        z: "f",
        type: "fplus-map",
        name: "plant",
        rules: RULES,
        wires: [["good"], ["bad"], ["writes"]],
        ...more,
      },
      { id: "good", z: "f", type: "helper" },
      { id: "bad", z: "f", type: "helper" },
      { id: "writes", z: "f", type: "helper" },
      { id: "c", z: "f", type: "catch", scope: ["m"], wires: [["caught"]] },
      { id: "caught", z: "f", type: "helper" },
    ],
  );
  return { node, good: hear(node("good")), bad: hear(node("bad")), caught: hear(node("caught")) };
}

test("values go through the map in the chosen shape, bad ones with their reason", async (t) => {
  const { node, good, bad } = await start(t, { output: "value" });
  const receive = (topic: string, payload: unknown, more = {}) =>
    node("m").receive({ topic: `plc/${topic}`, payload, timestamp: 1000, ...more });
  receive("Press01/T", 100, { unit: "Cel" });
  receive("Press01/T", 200, { unit: "Cel" });
  receive("Press01/V", 400);
  receive("Press01/I", 2);
  receive("Press01/X", "raw");
  await until("all", () => good.length === 5 && bad.length === 1);
  assert.deepEqual(
    good.map(({ topic, payload, unit }) => [topic, payload, unit]),
    [
      ["plant/Press01/temperature", 212, "[degF]"],
      ["plant/Press01/v", 400, undefined],
      ["plant/Press01/i", 2, undefined],
      ["plant/Press01/power", 800, undefined],
      ["plc/Press01/X", "raw", undefined],
    ],
  );
  assert.deepEqual(
    [bad[0]!["topic"], bad[0]!.payload, bad[0]!["quality"], bad[0]!["status"], bad[0]!["reason"]],
    ["plant/Press01/temperature", 392, "bad", "BadOutOfRange", "392 is above 300"],
  );
  const part = processHealth.snapshot().find(({ kind }) => kind === "map");
  assert.deepEqual([part?.counters["mapped"], part?.counters["range"], part?.counters["passedOn"]], [4, 1, 1]);
  assert.deepEqual(
    good.map(({ unmapped }) => unmapped),
    [undefined, undefined, undefined, undefined, 1],
  );
  for (const value of ["again", "and again"]) receive("Press01/X", value);
  receive("Press02/Y", 1);
  await until("eight", () => good.length === 8);
  assert.equal(good.at(-1)!["unmapped"], 2, "tags, not samples");
  assert.equal(processHealth.snapshot().find(({ kind }) => kind === "map")?.gauges["unmappedTags"], 2);
  await until("the status", () =>
    String((node("m").status.args.at(-1)?.[0] as { text?: string } | undefined)?.text).endsWith(" · 2 tags unmapped"),
  );
});

test("a batch stays a batch; a formula's error can be caught, and the flow lives", async (t) => {
  const { node, good, bad, caught } = await start(t, { output: "batch" });
  const batch = (value: number) =>
    batchFromPlain([
      { name: "plc/A/E", value, timestamp: 1 },
      { name: "plc/A/S", value: 5, timestamp: 1 },
    ]);
  node("m").receive({ payload: batch(-4) });
  node("m").receive({ payload: batch(-9) });
  node("m").receive({ payload: batch(4) });
  await until("three", () => good.length === 3 && caught.length === 2);
  assert.ok(good[0]!.payload instanceof SampleBatch);
  assert.deepEqual(
    good.map(({ payload }) =>
      Array.from({ length: (payload as SampleBatch).length }, (_, i) => (payload as SampleBatch).value(i)),
    ),
    [[5], [5], [2, 5]],
    "in their order, although JSONata takes its time",
  );
  assert.equal(bad.length, 2);
  assert.match(String((bad[0]!["reasons"] as string[])[0]), /formula: .*sqrt/);
  const error = caught[0]!["error"] as { message: string };
  assert.match(error.message, /map\.formula.*plc\/A\/E.*sqrt/);
});

test("rows that cannot be used are named, the others work; a lost device goes on under its new name", async (t) => {
  const { node, good } = await start(t, {
    rules: [
      { device: "P1", toDevice: "Press01", tag: "T", name: "t" },
      { tag: "U", unit: "furlong" },
    ],
    output: "array",
  });
  const part = processHealth.snapshot().find(({ kind }) => kind === "map");
  assert.equal(part?.status, "degraded");
  assert.match(part.detail, /1 row cannot be used: row 2, unit: furlong/);
  node("m").receive({ topic: "plc/P1/T", payload: 5 });
  node("m").receive({ topic: "P1", payload: { device: "P1", state: "offline", at: 1, reason: "gone" }, death: true });
  await until("both", () => good.length === 2);
  assert.equal((good[0]!.payload as { name: string }[])[0]!.name, "plant/Press01/t");
  assert.deepEqual(
    [good[1]!["topic"], good[1]!.payload, good[1]!["death"]],
    ["Press01", { device: "Press01", state: "offline", at: 1, reason: "gone" }, true],
  );
});

test("a host's write comes out under the raw name, in the raw unit; one that breaks a rule is an error", async (t) => {
  const rules = [
    { device: "P1", toDevice: "Press01", tag: "SP", name: "setpoint", fromUnit: "bar", unit: "kPa", max: 500 },
  ];
  const { node, caught } = await start(t, { rules, output: "batch" });
  const writes = hear(node("writes"));
  node("m").receive({ topic: "plc/P1/SP", payload: 2 });
  const write = (payload: number) =>
    node("m").receive({ topic: "Press01/setpoint", payload, device: "Press01", metric: "setpoint", type: "Double" });
  write(350);
  write(900);
  await until("one and an error", () => writes.length === 1 && caught.length === 1);
  assert.deepEqual([writes[0]!["topic"], writes[0]!.payload, writes[0]!["type"]], ["P1/SP", 3.5, undefined]);
  assert.match((caught[0]!["error"] as { message: string }).message, /map\.write.*Press01\/setpoint does not take 900/);
});

test("silence comes out of the second output by itself", async (t) => {
  const { node, bad } = await start(t, { rules: [{ tag: "T", name: "t", staleSeconds: 0.2 }], output: "value" });
  node("m").receive({ topic: "plc/A/T", payload: 5 });
  await until("silent", () => bad.length === 1);
  assert.deepEqual([bad[0]!["topic"], bad[0]!["status"]], ["plant/A/t", "BadTimeout"]);
  assert.match(String(bad[0]!["reason"]), /no value for/);
});
