import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Endpoint, Monitor, type MonitorOptions, type Tag } from "../../../lib/opcua/index.ts";
import { startCounter } from "../../support/counter.ts";
import { holdingsOf } from "../../support/diagnostics.ts";
import { freePorts } from "../../support/ports.ts";
import { SequenceCheck } from "../../support/sequence.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { openEndpoint } from "./rig.ts";

const PERIOD_MS = 100;
const TAGS = 200;

interface Rig {
  readonly url: string;
  readonly proxy: TcpProxy;
  readonly endpoint: Endpoint;
  readonly monitor: Monitor;
  readonly check: SequenceCheck;
}

/** 200 tags that count at 10 Hz, read through a proxy. */
async function countingThroughProxy(t: TestContext, options: Partial<MonitorOptions>): Promise<Rig> {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, TAGS, PERIOD_MS);
  t.after(() => counter.stop());
  const proxy = await startTcpProxy(port!);
  t.after(() => proxy.close());
  const endpoint = openEndpoint(t, `opc.tcp://127.0.0.1:${proxy.port}/counter`);
  const check = new SequenceCheck();
  const tags: Tag[] = Array.from({ length: TAGS }, (_, i) => ({
    device: "Counter1",
    metric: `Count${i}`,
    nodeId: `ns=1;s=Count${i}`,
  }));
  const monitor = new Monitor(endpoint, tags, {
    publishingMs: 100,
    samplingMs: 0,
    queueSize: 10,
    enumTexts: false,
    ...options,
    onBatch: (batch) => {
      check.take(batch);
      batch.receipt?.confirm();
    },
  });
  t.after(() => monitor.close());
  endpoint.use(monitor);
  endpoint.start();
  await until("all tags to count", () => check.tags === TAGS && check.reached > 5);
  return { url: counter.url, proxy, endpoint, monitor, check };
}

/** Waits until everything that was counted up to now is here. */
async function caughtUp({ check, endpoint }: Rig): Promise<void> {
  await until("the session", () => endpoint.state === "up");
  const reached = check.reached;
  await until("the counts to go on", () => check.reached > reached + 20);
}

for (const seconds of [1, 3]) {
  test(`a link cut for ${seconds} s: every value comes once and in order, over the same session`, async (t) => {
    const rig = await countingThroughProxy(t, { surviveMs: 30_000 });
    const { proxy, check, endpoint, url } = rig;
    await proxy.cut();
    await pause(seconds * 1000);
    await proxy.heal();
    await caughtUp(rig);
    const { missing, duplicate, outOfOrder } = check.fault();
    assert.deepEqual({ missing, duplicate, outOfOrder }, { missing: 0, duplicate: 0, outOfOrder: 0 }, check.holes());
    assert.equal(check.marked, 0);
    const { sessions, resumptions, lostSubscriptions } = endpoint.health().counters;
    assert.deepEqual(
      { sessions, resumptions, lostSubscriptions },
      { sessions: 1, resumptions: 1, lostSubscriptions: 0 },
    );
    assert.deepEqual(await holdingsOf(url), { sessions: 1, subscriptions: 1 });
  });
}

test("a link that swallows everything, and many quick cuts: nothing is missing, doubled or out of order", async (t) => {
  const rig = await countingThroughProxy(t, { surviveMs: 60_000 });
  const { proxy, check, endpoint, url } = rig;
  proxy.halfOpen();
  await pause(1500);
  await proxy.heal();
  await caughtUp(rig);
  for (let round = 0; round < 6; round++) {
    proxy.reset();
    await pause(700);
    await proxy.cut();
    await proxy.heal();
    await pause(300 + round * 100);
  }
  await caughtUp(rig);
  const { missing, duplicate, outOfOrder } = check.fault();
  assert.deepEqual({ missing, duplicate, outOfOrder }, { missing: 0, duplicate: 0, outOfOrder: 0 }, check.holes());
  assert.equal(endpoint.health().counters["missedMessages"], 0);
  assert.deepEqual(await holdingsOf(url), { sessions: 1, subscriptions: 1 });
});

test("a queue too short for the outage: what is lost is told by the Overflow bit of every tag, and counted", async (t) => {
  const rig = await countingThroughProxy(t, { surviveMs: 0, queueSize: 5 });
  const { proxy, check, endpoint } = rig;
  await proxy.cut();
  await pause(2500);
  await proxy.heal();
  await caughtUp(rig);
  const { missing, duplicate, outOfOrder } = check.fault();
  assert.ok(missing > TAGS * 5, `${missing} missing`);
  assert.deepEqual({ duplicate, outOfOrder }, { duplicate: 0, outOfOrder: 0 });
  assert.equal(check.marked, TAGS);
  assert.equal(endpoint.health().counters["overflows"], TAGS);
});
