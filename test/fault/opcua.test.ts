import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Endpoint, Monitor, trustListOf } from "../../lib/opcua/index.ts";
import { startCounter } from "../support/counter.ts";
import { temporaryFolder } from "../support/folder.ts";
import { COUNTER_NAMESPACE } from "../support/opcua-server.ts";
import { freePorts } from "../support/ports.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { type Line, openLine, QUICK } from "./opcua-line.ts";

/** Cycles of the test that looks at memory, and devices that are off: `FPLUS_CYCLES=500 FPLUS_DEAD=200` for a soak. */
const CYCLES = Number(process.env["FPLUS_CYCLES"] || 8);
const DEAD = Number(process.env["FPLUS_DEAD"] || 40);
const HEAP_MB = 8;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Megabytes in use after everything that can be freed is. */
async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await pause(20);
  }
  return process.memoryUsage().heapUsed / 1e6;
}

const noticed = (line: Line): Promise<void> => until("noticing", () => line.endpoint.state !== "up");

interface Fault {
  readonly name: string;
  readonly breakLink: (proxy: TcpProxy) => void | Promise<void>;
  readonly lasts: (line: Line) => Promise<void>;
}

const FAULTS: readonly Fault[] = [
  { name: "cut", breakLink: (proxy) => proxy.cut(), lasts: noticed },
  { name: "reset in mid-message", breakLink: (proxy) => proxy.reset(), lasts: noticed },
  { name: "frozen", breakLink: (proxy) => proxy.freeze(), lasts: noticed },
  { name: "half open", breakLink: (proxy) => proxy.halfOpen(), lasts: noticed },
  { name: "slow", breakLink: (proxy) => proxy.slow(2_000), lasts: () => pause(2_500) },
];

for (const { name, breakLink, lasts } of FAULTS) {
  test(`a link that is ${name} is noticed and comes back, with no session left on the server`, async (t) => {
    const line = await openLine(t);
    await breakLink(line.proxy);
    await lasts(line);
    await line.proxy.heal();
    await line.recovered();
    await until("three tags", () => line.monitor.active === 3);
  });
}

test("a server that comes back with other namespace indexes is read again by the same tags", async (t) => {
  const line = await openLine(t, {}, { namespaces: [COUNTER_NAMESPACE, "urn:test:other", "urn:test:third"] });
  await line.restart({ namespaces: ["urn:test:third", "urn:test:other", COUNTER_NAMESPACE] });
  await line.recovered();
  assert.equal(line.monitor.refused, 0);
});

test("a server with another certificate is refused until it is trusted, then read again", async (t) => {
  const pkiFolder = temporaryFolder(t);
  const secure = { securityMode: "SignAndEncrypt", securityPolicy: "Basic256Sha256", pkiFolder } as const;
  const line = await openLine(t, secure, { secure: true });
  await line.restart({ pkiFolder: temporaryFolder(t) });
  await until("the refusal", () => /certificate has changed/.test(line.endpoint.reason));
  assert.ok(line.errors.some((error) => /certificate has changed/.test(error)));
  assert.equal(line.server.sessions, 0);
  const shown = (await trustListOf(pkiFolder).list()).find(({ state }) => state === "rejected");
  await trustListOf(pkiFolder).trust(shown!.thumbprint);
  await line.recovered();
});

test("a server whose sessions are all taken is tried until one is free, and says why not", async (t) => {
  const line = await openLine(t, {}, { maxSessions: 1 });
  const second = new Endpoint({ name: "Second", url: line.server.url, pkiFolder: temporaryFolder(t), ...QUICK });
  t.after(() => second.close());
  second.start();
  await until("the refusal", () => /BadTooManySessions/.test(second.reason));
  await line.monitor.close();
  await line.endpoint.close();
  await until("its turn", () => second.state === "up");
  assert.equal(line.server.sessions, 1);
});

test(`${CYCLES} cuts: in the end one session and one subscription, the heap as before`, async (t) => {
  const line = await openLine(t);
  const cycle = async (): Promise<void> => {
    await line.proxy.cut();
    await noticed(line);
    await line.proxy.heal();
    await line.counting();
  };
  for (let i = 0; i < 3; i++) await cycle();
  const before = await heap();
  for (let i = 0; i < CYCLES; i++) await cycle();
  await line.settled();
  const after = await heap();
  t.diagnostic(`heap ${before.toFixed(1)} MB before, ${after.toFixed(1)} MB after ${CYCLES} cycles`);
  assert.ok(after - before < HEAP_MB, `the heap grew from ${before} to ${after} MB`);
});

test(`${DEAD} endpoints whose devices are off: attempts spread and bounded, the heap flat`, async (t) => {
  const ports = await freePorts(DEAD);
  const folder = temporaryFolder(t);
  const endpoints = ports.map(
    (port, i) => new Endpoint({ name: `Off ${i}`, url: `opc.tcp://127.0.0.1:${port}`, pkiFolder: folder, ...QUICK }),
  );
  t.after(() => Promise.all(endpoints.map((endpoint) => endpoint.close())));
  for (const endpoint of endpoints) endpoint.start();
  const attempts = (): number[] => endpoints.map((endpoint) => endpoint.health().counters["attempts"] ?? 0);
  await until("four attempts of each", () => Math.min(...attempts()) >= 4);
  const before = await heap();
  const first = attempts();
  const seconds = CYCLES > 100 ? 600 : 4;
  await pause(seconds * 1000);
  const during = attempts().reduce((sum, count, i) => sum + count - first[i]!, 0);
  const after = await heap();
  t.diagnostic(`${during} attempts in ${seconds} s, heap ${before.toFixed(1)} and ${after.toFixed(1)} MB`);
  // From the fourth attempt on there are at least two seconds between two.
  assert.ok(during > 0 && during <= (DEAD * seconds) / 2, `${during} attempts`);
  assert.ok(after - before < HEAP_MB, `the heap grew from ${before} to ${after} MB`);
});

test("our clock jumps an hour ahead and back: values go on, over the same session", async (t) => {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, 1, 50);
  t.after(() => counter.stop());
  const endpoint = new Endpoint({ name: "PLC", url: counter.url, pkiFolder: temporaryFolder(t), ...QUICK });
  let samples = 0;
  const tags = [{ device: "Counter1", metric: "Count", nodeId: "ns=1;s=Count0" }];
  const monitor = new Monitor(endpoint, tags, {
    publishingMs: 50,
    samplingMs: 0,
    queueSize: 10,
    enumTexts: false,
    onBatch: (batch) => (samples += batch.length),
  });
  t.after(() => monitor.close().then(() => endpoint.close()));
  endpoint.use(monitor);
  endpoint.start();
  const go = (): Promise<void> => {
    const before = samples;
    return until("samples", () => samples > before + 10);
  };
  await go();
  const RealDate = Date;
  t.after(() => (globalThis.Date = RealDate));
  for (const jump of [3_600_000, -3_600_000]) {
    globalThis.Date = class extends RealDate {
      constructor(...given: [] | [number | string | Date]) {
        super(given.length === 0 ? RealDate.now() + jump : given[0]);
      }
      static override now(): number {
        return RealDate.now() + jump;
      }
    } as DateConstructor;
    await go();
    await pause(1_500);
    await go();
  }
  globalThis.Date = RealDate;
  await go();
  assert.equal(endpoint.state, "up");
});
