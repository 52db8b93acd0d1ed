import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { processLeases } from "../../lib/plant/index.ts";
import { SampleBatch } from "../../lib/sample/index.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import history from "../../nodes/fplus-opcua-history/fplus-opcua-history.ts";
import { durationOf, momentOf } from "../../nodes/frame/moment.ts";
import { askedBy, type HistoryConfig } from "../../nodes/fplus-opcua-history/request.ts";
import simulator from "../../nodes/fplus-opcua-simulator/fplus-opcua-simulator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, type TestNode, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

const NOW = Date.UTC(2026, 10, 25, 12);
const TEMPERATURE = "ns=1;s=Press01.Temperature";

test("times and lengths of time as people write them", () => {
  assert.deepEqual(["500ms", "10s", "1h 30m", "1.5h", "2w", "250", "", "soon", "1y", "1h soon"].map(durationOf), [
    500,
    10_000,
    5_400_000,
    5_400_000,
    1_209_600_000,
    250,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(momentOf("now", NOW), NOW);
  assert.equal(momentOf("now-1h", NOW), NOW - 3_600_000);
  assert.equal(momentOf("now - 1d 12h", NOW), NOW - 129_600_000);
  assert.equal(momentOf("2026-11-25T12:00:00Z", 0), NOW);
  assert.equal(momentOf(String(NOW), 0), NOW);
  for (const text of ["now-", "now-soon", "yesterday", "12", ""]) assert.equal(momentOf(text, NOW), undefined, text);
});

test("a message overrides the dialog; what is no question is refused by field", () => {
  const config = { read: "raw", from: "now-1h", to: "now", targets: TEMPERATURE, order: "newest" } as HistoryConfig;
  assert.deepEqual(askedBy(config, {}, NOW).question, { kind: "raw", from: NOW, to: NOW - 3_600_000, bounds: false });
  const asked = askedBy(
    { ...config, targets: "" },
    { topic: "A/B", payload: { read: "processed", every: "10s" } },
    NOW,
  );
  assert.deepEqual(asked.targets, ["A/B"]);
  assert.deepEqual(asked.question, {
    kind: "processed",
    from: NOW - 3_600_000,
    to: NOW,
    aggregate: "Average",
    everyMs: 10_000,
  });
  assert.deepEqual(askedBy(config, { payload: { times: ["now-1s", NOW] } }, NOW).question, {
    kind: "at",
    times: [NOW - 1000, NOW],
  });
  const wrong: [object, string][] = [
    [{ from: "yesterday" }, "from"],
    [{ limit: 0 }, "limit"],
    [{ read: "all" }, "read"],
    [{ read: "processed", every: "a while" }, "every"],
    [{ targets: [] }, "targets"],
  ];
  for (const [payload, field] of wrong)
    assert.throws(() => askedBy(config, { payload }, NOW), { code: "opcua.history", field });
});

test("an answer in pages, in every shape; the last message says that it is complete; faults are caught", async (t) => {
  const [opcua] = await freePorts(1);
  const common = { type: "fplus-opcua-history", endpoint: "p", targets: TEMPERATURE, from: "now-1h", to: "now" };
  const node = await loadFlow(
    temporaryFolder(t),
    [simulator, endpoint, history],
    [
      {
        id: "s",
        type: "fplus-opcua-simulator",
        enabled: "on",
        port: String(opcua),
        tags: "60",
        rateMs: "50",
        seed: "1",
      },
      { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url: `opc.tcp://127.0.0.1:${opcua}/fplus` },
      { id: "h", ...common, read: "raw", output: "value", pageSize: "8", wires: [["out"]] },
      { id: "b", ...common, read: "raw", output: "batch", wires: [["out"]] },
      { id: "out", type: "helper" },
    ],
  );
  const heard: Record<string, unknown>[] = [];
  node("out").on("input", (msg) => heard.push(msg));
  await until("history", async () => {
    heard.length = 0;
    node("b").receive({ topic: "x", mine: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    return heard[0]?.["payload"] instanceof SampleBatch && heard[0]["payload"].length >= 20;
  });
  assert.deepEqual([heard[0]!["complete"], heard[0]!["page"], heard[0]!["mine"]], [true, 1, 1]);
  heard.length = 0;
  node("h").receive({ payload: { limit: 20 } });
  await until("twenty values", () => heard.length === 20);
  assert.deepEqual(
    heard.map((msg) => msg["complete"]),
    heard.map((_, i) => i === 19),
  );
  assert.deepEqual([heard[0]!["page"], heard[19]!["page"], heard[0]!["topic"]], [1, 3, `PLC/${TEMPERATURE}`]);
  heard.length = 0;
  node("h").receive({ payload: { from: "2020-01-01", to: "2020-01-02" } });
  await until("an empty answer", () => heard.length === 1);
  assert.deepEqual([heard[0]!["payload"], heard[0]!["complete"]], [null, true]);
  heard.length = 0;
  node("b").receive({ payload: { targets: [TEMPERATURE, "ns=1;s=Press01.Load"] } });
  const errors = () => (Object.getPrototypeOf(node("b")) as TestNode).error.args.map(([first]) => String(first));
  await until("the error", () => errors().some((text) => /Press01\.Load: BadHistoryOperationUnsupported/.test(text)));
  await until("the other's values", () => heard.length === 1);
});
