import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Endpoint, Monitor } from "../../../lib/opcua/index.ts";
import { startCounter } from "../../support/counter.ts";
import { freePorts } from "../../support/ports.ts";
import { SequenceCheck, type SequenceFault } from "../../support/sequence.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

const TAGS = 200;
const PERIOD_MS = 100;

/** What came through a link that was cut, and how long it took after the link was back until nothing was left to catch up. */
export interface Drop extends SequenceFault {
  readonly seconds: number;
  /** Tags whose values say that others before them were dropped by the server. */
  readonly marked: number;
  readonly caughtUpMs: number;
}

/** 200 tags at 10 Hz through a proxy that is cut once; `queueSize` fixes the server's queue, else it is asked to hold a minute. */
export async function dropLink(seconds: number, queueSize?: number): Promise<Drop> {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, TAGS, PERIOD_MS);
  const proxy = await startTcpProxy(port!);
  const pkiFolder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  const endpoint = new Endpoint({ name: "bench", url: `opc.tcp://127.0.0.1:${proxy.port}/counter`, pkiFolder });
  const check = new SequenceCheck();
  const tags = Array.from({ length: TAGS }, (_, i) => ({
    device: "Counter1",
    metric: `Count${i}`,
    nodeId: `ns=1;s=Count${i}`,
    ...(queueSize === undefined ? {} : { queueSize }),
  }));
  const monitor = new Monitor(endpoint, tags, {
    publishingMs: 250,
    samplingMs: 0,
    queueSize: 10,
    surviveMs: 60_000,
    enumTexts: false,
    onBatch: (batch) => check.take(batch),
  });
  try {
    endpoint.use(monitor);
    endpoint.start();
    await until("values", () => check.tags === TAGS && check.reached > 10);
    await proxy.cut();
    await pause(seconds * 1000);
    await proxy.heal();
    const healed = performance.now();
    const due = check.reached + (seconds * 1000) / PERIOD_MS;
    await until("what was missed", () => check.reached >= due);
    const caughtUpMs = performance.now() - healed;
    await pause(2000);
    return { seconds, ...check.fault(), marked: check.marked, caughtUpMs };
  } finally {
    await monitor.close();
    await endpoint.close();
    await proxy.close();
    await counter.stop();
    rmSync(pkiFolder, { recursive: true, force: true });
  }
}
