import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Endpoint, Monitor, Writer, type WriteRequest } from "../../../lib/opcua/index.ts";
import { type SampleBatch, signals } from "../../../lib/sample/index.ts";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { openEndpoint, openSimulator } from "./rig.ts";

async function connected(t: TestContext, url: string): Promise<Endpoint> {
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("session", () => endpoint.state === "up");
  return endpoint;
}

const statuses = async (writer: Writer, requests: WriteRequest[]) =>
  (await writer.write(requests)).map(({ status }) => status);

test("values are written in the server's own types; what does not fit is said, and the others are written", async (t) => {
  if (missing(t, "asyncua for Python", asyncuaPython)) return;
  const [port] = await freePorts(1);
  const server = await startAsyncua(port!);
  t.after(() => server.stop());
  const endpoint = await connected(t, server.url);
  const writer = new Writer(endpoint);
  const node = (name: string) => `nsu=urn:example:boiler-house;s=${name}`;
  const good: [string, unknown, unknown][] = [
    ["Setpoint", "21.5", 21.5],
    ["Target", "9007199254740993", 9_007_199_254_740_993n],
    ["Enabled", "on", true],
    ["Small", -300, -300],
    ["Batch", 17, "17"],
    ["Since", "2026-11-24T06:00:00Z", Date.UTC(2026, 10, 24, 6)],
    ["Weights", [3, 4.5, 6], [3, 4.5, 6]],
    ["ModeWanted", "Heating", "Heating"],
  ];
  assert.deepEqual(
    await statuses(
      writer,
      good.map(([name, value]) => ({ target: node(name), value })),
    ),
    good.map(() => "Good"),
  );
  const seen = new Map<string, unknown>();
  const tags = good.map(([name]) => ({ device: "Boiler7", metric: name, nodeId: node(name) }));
  const monitor = new Monitor(endpoint, tags, {
    enumTexts: true,
    publishingMs: 100,
    samplingMs: 100,
    queueSize: 10,
    onBatch: (batch: SampleBatch) => {
      for (let i = 0; i < batch.length; i++) seen.set(signals.get(batch.signal[i]!).metric, batch.value(i));
    },
  });
  const stop = endpoint.use(monitor);
  t.after(async () => {
    stop();
    await monitor.close();
  });
  await until("values", () => seen.size === good.length);
  for (const [name, , expected] of good) assert.deepEqual(seen.get(name), expected, name);

  // By the name that the reader gave it, and one mistake of every kind beside it.
  assert.deepEqual(
    await statuses(writer, [
      { target: "Boiler7/Setpoint", value: 22 },
      { target: node("Small"), value: 40_000 },
      { target: node("Enabled"), value: "perhaps" },
      { target: node("ModeWanted"), value: "Cooling" },
      { target: node("Weights"), value: 3 },
      { target: node("Setpoint"), value: [1] },
      { target: node("Nowhere"), value: 1 },
      { target: "nsu=urn:nobody;s=X", value: 1 },
      { target: "Boiler7/Unheard", value: 1 },
      { target: node("Setpoint"), value: null },
    ]),
    [
      "Good",
      "number 40000 is no Int16, a whole number from -32768 to 32767",
      "string perhaps is no Boolean",
      "Cooling is none of Cold, Heating, Steaming",
      "the variable takes an array",
      "the variable takes one value",
      "the server has no such variable",
      "nsu=urn:nobody;s=X: the server has no namespace of that URI",
      "Boiler7/Unheard: no NodeId like ns=2;s=Name, and no reader of this endpoint knows it by that name",
      "null is no Float",
    ],
  );
  await until("written by name", () => seen.get("Setpoint") === 22);
});

test("a range that the server states is kept, and a read-only variable answers with its StatusCode", async (t) => {
  const { url } = await openSimulator(t, 169);
  const endpoint = await connected(t, url);
  const writer = new Writer(endpoint);
  assert.deepEqual(
    await statuses(writer, [
      { target: "ns=1;s=Press01.Condition.ToolWear", value: 42 },
      { target: "ns=1;s=Press01.Condition.ToolWear", value: 101 },
      { target: "ns=1;s=Press01.Temperature", value: 20 },
    ]),
    ["Good", "101 is outside of 0 … 100", "BadNotWritable"],
  );
  const wear = async (): Promise<number> =>
    endpoint.withSession(async (session) =>
      Number((await session.read({ nodeId: "ns=1;s=Press01.Condition.ToolWear", attributeId: 13 })).value.value),
    );
  await until("tool wear of 42", async () => Math.abs((await wear()) - 42) < 1);
  await endpoint.close();
  await assert.rejects(writer.write([{ target: "ns=1;s=Press01.Condition.ToolWear", value: 1 }]), {
    code: "opcua.unreachable",
  });
});

test("structures, matrices, parts of arrays and enumerations within them; a fault names its field", async (t) => {
  const { url } = await openSimulator(t, 169);
  const endpoint = await connected(t, url);
  const writer = new Writer(endpoint);
  const node = (name: string): string => `ns=1;s=Oven01.Recipe.${name}`;
  const read = (name: string): Promise<unknown> =>
    endpoint.withSession(async (session) => {
      const { value } = await session.read({ nodeId: node(name), attributeId: 13 });
      return value.dataType === 22 ? { ...(value.value as object) } : Array.from(value.value as ArrayLike<number>);
    });
  const recipe = {
    Name: "Rolls",
    Mode: "Cleaning",
    Parts: "9007199254740993",
    Steps: [{ Temperature: "190.5", Seconds: 60 }],
  };
  assert.deepEqual(
    await statuses(writer, [
      { target: node("Current"), value: recipe },
      {
        target: node("HeatMap"),
        value: [
          [1, 2, 3],
          ["4", 5, 6],
        ],
      },
      { target: node("Offsets"), value: [7, 8], range: "1:2" },
      { target: node("Offsets"), value: 9, range: "3" },
    ]),
    ["Good", "Good", "Good", "Good"],
  );
  const written = (await read("Current")) as { name: string; mode: number; parts: number[]; steps: object[] };
  assert.deepEqual([written.name, written.mode, written.parts, written.steps.length], ["Rolls", 2, [0x20_0000, 1], 1]);
  assert.deepEqual(await read("HeatMap"), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await read("Offsets"), [0, 7, 8, 9]);
  assert.deepEqual(await statuses(writer, [{ target: node("Current"), value: JSON.stringify(recipe) }]), ["Good"]);
  assert.deepEqual(
    await statuses(writer, [
      { target: node("Current"), value: { ...recipe, Mode: "Burning" } },
      { target: node("Current"), value: { ...recipe, Colour: "brown" } },
      { target: node("Current"), value: { ...recipe, Steps: [{ Temperature: 1 }] } },
      { target: node("Current"), value: { ...recipe, Steps: { Temperature: 1, Seconds: 2 } } },
      { target: node("Current"), value: "Rolls" },
      { target: node("HeatMap"), value: [1, 2, 3] },
      { target: node("HeatMap"), value: [[1, 2, 3], [4]] },
      { target: node("Offsets"), value: [1.5] },
      { target: node("Offsets"), value: [1], range: "all" },
      { target: node("Offsets"), value: [1, 2], range: "9:10" },
    ]),
    [
      "Mode: Burning is none of Manual, Automatic, Cleaning",
      "Recipe has no field Colour; it has Name, Mode, Parts, Steps",
      "Steps: [0]: Seconds: there is no value",
      "Steps: the field takes an array",
      "string Rolls is no Recipe",
      "the variable takes a matrix of 2 dimensions",
      "the rows of a matrix have the same length",
      "number 1.5 is no Int32, a whole number from -2147483648 to 2147483647",
      "all is no range of indexes like 1:3",
      "BadIndexRangeNoData",
    ],
  );
});
