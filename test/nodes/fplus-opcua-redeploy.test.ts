import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import { type SampleBatch, signals } from "../../lib/sample/index.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import { startCounter } from "../support/counter.ts";
import { holdingsOf } from "../support/diagnostics.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, redeploy, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { SequenceCheck } from "../support/sequence.ts";
import { until } from "../support/until.ts";

/** The hour's version of the issue is `FPLUS_REDEPLOYS=1000`. */
const REDEPLOYS = Number(process.env["FPLUS_REDEPLOYS"] ?? 25);
/** Tags that no redeploy touches; the others come, go and change. */
const STEADY = 30;
const TAGS = 40;

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

test("redeploys touch only the tags that changed: no value of the others is missing or doubled, nothing is left on the server", async (t) => {
  const [port] = await freePorts(1);
  const server = await startCounter(port!, TAGS, 50);
  t.after(() => server.stop());
  const check = new SequenceCheck();
  const changing = new SequenceCheck();
  const sink = (RED: NodeAPI): void => {
    RED.nodes.registerType("test-store", function store(this: Node, definition: NodeDef) {
      RED.nodes.createNode(this, definition);
      this.on("input", (msg, _send, done) => {
        const batch = msg.payload as SampleBatch;
        const indexes = Array.from({ length: batch.length }, (_, i) => i);
        check.take(batch.pick(indexes.filter((i) => isSteady(batch, i))));
        changing.take(batch.pick(indexes.filter((i) => !isSteady(batch, i))));
        batch.receipt?.confirm();
        done();
      });
    });
  };
  const tag = (i: number, more: object = {}) => ({
    device: "Counter1",
    metric: `Count${i}`,
    nodeId: `ns=1;s=Count${i}`,
    ...more,
  });
  const flow = (round: number) => [
    { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url: server.url },
    {
      id: "r",
      type: "fplus-opcua-read",
      endpoint: "p",
      source: "table",
      tags: Array.from({ length: TAGS }, (_, i) => i)
        .filter((i) => i < STEADY || (i + round) % 3 !== 0)
        .map((i) => tag(i, i < STEADY ? {} : { queueSize: 10 + (round % 2) })),
      mode: "subscribe",
      publishingMs: "50",
      output: "batch",
      x: round,
      wires: [["s"], []],
    },
    { id: "s", type: "test-store", x: round, wires: [] },
  ];
  await loadFlow(temporaryFolder(t), [endpoint, read, sink as typeof read], flow(0));
  await until("values", () => check.tags === STEADY && check.reached > 5);
  for (let round = 1; round <= REDEPLOYS; round++) {
    await redeploy(flow(round), round % 2 === 0 ? "full" : "nodes");
    await pause(20 + (round % 5) * 20);
  }
  const reached = check.reached;
  await until("values after the last redeploy", () => check.reached > reached + 20);
  const { missing, duplicate, outOfOrder } = check.fault();
  assert.deepEqual({ missing, outOfOrder }, { missing: 0, outOfOrder: 0 }, check.holes());
  t.diagnostic(JSON.stringify({ ...check.fault(), heap: process.memoryUsage().heapUsed }));
  // A message that was on its way while nodes closed is handed on again.
  assert.ok(duplicate <= REDEPLOYS * STEADY, `${duplicate} doubled`);
  assert.ok(changing.tags > 0);
  const health = processHealth.snapshot().filter(({ kind }) => kind === "opcua-endpoint");
  assert.equal(health.length, 1);
  const { sessions, reconnects, lostSubscriptions, untaken } = health[0]!.counters;
  assert.deepEqual(
    { sessions, reconnects, lostSubscriptions, untaken },
    { sessions: 1, reconnects: 0, lostSubscriptions: 0, untaken: 0 },
  );
  const wanted = flow(REDEPLOYS)[1]!.tags!.length;
  assert.equal(health[0]!.gauges["items"], wanted);
  assert.deepEqual(await holdingsOf(server.url), { sessions: 1, subscriptions: 1 });

  await redeploy([flow(0)[0]!]);
  await until("the subscription to end", async () => (await holdingsOf(server.url)).subscriptions === 0);
});

function isSteady(batch: SampleBatch, i: number): boolean {
  return Number(/\d+$/.exec(signals.get(batch.signal[i]!).metric)![0]) < STEADY;
}
