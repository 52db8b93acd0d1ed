import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DataType, type Namespace, Variant, VariantArrayType } from "node-opcua";
import { Monitor, Poller, type Tag } from "../../../lib/opcua/index.ts";
import { type SampleBatch, signals } from "../../../lib/sample/index.ts";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { startLineServer } from "./line-server.ts";
import { openEndpoint } from "./rig.ts";

const URI = "urn:acme:ovens";
const KINDS = ["subscribed", "polled"] as const;

/** Reads tags once and gives their values by metric. */
async function valuesOf(t: TestContext, url: string, tags: readonly Tag[], kind: (typeof KINDS)[number]) {
  const endpoint = openEndpoint(t, url);
  const values = new Map<string, unknown>();
  const options = {
    enumTexts: true,
    onBatch: (batch: SampleBatch) => {
      for (let i = 0; i < batch.length; i++) values.set(signals.get(batch.signal[i]!).metric, batch.value(i));
    },
  };
  const reader =
    kind === "polled"
      ? new Poller(endpoint, tags, { ...options, everyMs: 100 })
      : new Monitor(endpoint, tags, { ...options, publishingMs: 50, samplingMs: 0, queueSize: 5 });
  t.after(() => reader.close());
  endpoint.use(reader);
  endpoint.start();
  await until("every value", () => values.size === tags.length);
  return { values, undecoded: endpoint.reading.undecoded };
}

function addOven(namespace: Namespace): void {
  const oven = namespace.addObject({ organizedBy: namespace.addressSpace.rootFolder.objects, browseName: "Oven" });
  const add = (browseName: string, dataType: string, value: object, valueRank = -1): void => {
    namespace.addVariable({
      componentOf: oven,
      nodeId: `s=${browseName}`,
      browseName,
      dataType,
      valueRank,
      minimumSamplingInterval: 0,
      value: new Variant(value),
    });
  };
  const matrix = { dataType: DataType.Int64, arrayType: VariantArrayType.Matrix, dimensions: [2, 1, 2] };
  add("Matrix", "Int64", { ...matrix, value: [1, 2, 3, 4].map((low) => [0, low]) }, 3);
  add("Title", "LocalizedText", { dataType: DataType.LocalizedText, value: { locale: "de", text: "Härten" } });
  add("Node", "NodeId", { dataType: DataType.NodeId, value: oven.nodeId });
}

for (const kind of KINDS) {
  test(`matrices come as nested arrays, texts and ids as text, ${kind}`, async (t) => {
    const [port] = await freePorts(1);
    const server = await startLineServer(t, port!, [URI], addOven);
    const tags = ["Matrix", "Title", "Node"].map((metric) => ({
      device: `Oven ${kind}`,
      metric,
      nodeId: `nsu=${URI};s=${metric}`,
    }));
    const { values, undecoded } = await valuesOf(t, server.url, tags, kind);
    assert.deepEqual(JSON.parse(String(values.get("Matrix"))), [[[1, 2]], [[3, 4]]]);
    assert.equal(values.get("Title"), "Härten");
    assert.match(String(values.get("Node")), /^ns=\d+;i=\d+$/);
    assert.equal(undecoded, 0);
  });

  test(`structures of a server's own come as JSON with its names, one without a description as tagged base64, ${kind}`, async (t) => {
    if (missing(t, "Python with asyncua", asyncuaPython)) return;
    const [port] = await freePorts(1);
    const server = await startAsyncua(port!);
    t.after(() => server.stop());
    const uri = "urn:example:boiler-house";
    const tags = ["Recipe", "StepList", "Grid", "Riddle"].map((metric) => ({
      device: `Boiler ${kind}`,
      metric,
      nodeId: `nsu=${uri};s=${metric}`,
    }));
    const { values, undecoded } = await valuesOf(t, server.url, tags, kind);
    const json = (metric: string): unknown => JSON.parse(String(values.get(metric)));
    assert.deepEqual(json("Recipe"), {
      Title: "Steam",
      Temperatures: [80, 120.5],
      Steps: [
        { Mode: "Hold", Count: 7, Key: "a2V5", Since: "2026-01-02T03:04:05.000Z" },
        { Mode: "Cool", Count: "9223372036854775815", Key: "a2V5", Since: "2026-01-02T03:04:05.000Z" },
      ],
    });
    assert.deepEqual(json("StepList"), (json("Recipe") as { Steps: unknown }).Steps);
    assert.deepEqual(json("Grid"), [
      [1, 2, 3],
      [4, 5, 6],
    ]);
    assert.deepEqual(json("Riddle"), { type: `nsu=${uri};i=9999`, base64: "AQID" });
    assert.ok(undecoded >= 1);
  });
}
