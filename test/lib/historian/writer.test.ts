import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import { type HistorianStore, HistorianWriter, openHistorian } from "../../../lib/historian/index.ts";
import { type SampleBatch, SignalRegistry } from "../../../lib/sample/index.ts";
import { openSpool } from "../../../lib/spool/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { findProgram, missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { batchOf } from "./contract.ts";
import { type Influxd, startInfluxd } from "../../support/influxd.ts";
import { influxd2Program, startInfluxd2 } from "../../support/influxd2.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");

for (const [release, program, start] of [
  ["1.x", INFLUXD, (folder: string, port?: number) => startInfluxd(INFLUXD!, folder, port)],
  ["2", influxd2Program, startInfluxd2],
] as const) {
  test(`keeps every sample while InfluxDB ${release} is killed and brought back`, async (t) => {
    if (missing(t, `influxd ${release}`, program)) return;
    await keepsEverySample(t, start);
  });
}

async function keepsEverySample(
  t: TestContext,
  start: (folder: string, port?: number) => Promise<Influxd & { readonly token?: string }>,
): Promise<void> {
  const folder = temporaryFolder(t);
  const spoolFolder = temporaryFolder(t);
  let server = await start(folder);
  t.after(() => server.stop());
  const port = Number(new URL(server.url).port);
  const registry = new SignalRegistry();
  const { url, token = "" } = server;
  const store = openHistorian({ engine: "influx", url, token, bucket: "plant", registry });
  const spool = openSpool({ directory: spoolFolder, maxBytes: 16e6, policy: "refuse" });
  const writer = new HistorianWriter(store, { spool, registry, retryMs: 20, maxRetryMs: 50, batchSamples: 50 });
  const base = Date.now();
  let sent = 0;
  let spooled = 0;
  const send = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const now = sent++;
      const receipt = await writer.write(
        batchOf(
          registry,
          [
            ["p/m/N", now, now],
            ["p/m/S", `n${now}`, now, { type: 12 }],
          ],
          base,
        ),
      );
      assert.deepEqual([receipt.written, receipt.rejected], [2, []]);
      spooled += receipt.spooled ?? 0;
    }
  };
  await send(20);
  assert.equal(spooled, 0);
  await server.stop();
  await send(200);
  assert.ok(spooled >= 300, `${spooled} were said to be on disk`);
  assert.equal(writer.health().status, "degraded");
  assert.ok(writer.stats().spooled >= 300, `${writer.stats().spooled} spooled`);
  server = await start(folder, port);
  await send(20);
  await until("the spool to be empty", () => writer.stats().spoolDepth === 0);
  await send(1);
  const [numbers] = await store.query({ signals: ["p/m/N"], from: base, to: base + 1000 });
  assert.deepEqual(
    [...numbers!.value],
    Array.from({ length: sent }, (_, i) => i),
  );
  const [texts] = await store.query({ signals: ["p/m/S"], from: base, to: base + 1000 });
  assert.equal(texts!.text?.at(-1), `n${sent - 1}`);
  assert.equal(writer.stats().dropped, 0);
  assert.equal(writer.health().status, "up");
  await writer.close();
  await store.close();
}

test("what a former process left in the spool is delivered under its names", async (t) => {
  const folder = temporaryFolder(t);
  const first = new SignalRegistry();
  const away = openHistorian({ engine: "influx", url: "http://127.0.0.1:9", bucket: "b", registry: first });
  const spool = openSpool({ directory: folder, maxBytes: 16e6, policy: "refuse" });
  const writer = new HistorianWriter(away, { spool, registry: first });
  first.intern({ source: "other", device: "", metric: "shifts the ids" });
  await writer.write(
    batchOf(first, [
      ["p/m/N", 1.5, 0],
      ["p/m/I", 9007199254740993n, 5, { type: 4 }],
      ["p/m/Z", null, 6, { type: 12 }],
    ]),
  );
  await writer.write(
    batchOf(first, [
      ["p/m/N", 2.5, 10, { status: 0x40000000, ns: 7000 }],
      ["p/m/T", { a: 1 }, 0, { type: 19 }],
    ]),
  );
  await writer.close();
  await away.close();

  const second = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry: second });
  const again = openSpool({ directory: folder, maxBytes: 16e6, policy: "refuse" });
  const next = new HistorianWriter(store, { spool: again, registry: second });
  await until("delivery", () => next.stats().spoolDepth === 0);
  assert.equal(next.stats().written, 5);
  const answers = await store.query({ signals: ["p/m/*"], from: 0, to: 8e15 });
  assert.deepEqual(
    answers.map((series) => series.path),
    ["p/m/I", "p/m/N", "p/m/T", "p/m/Z"],
  );
  const [, numbers, text] = answers;
  assert.deepEqual([...numbers!.value], [1.5, 2.5]);
  assert.deepEqual([...numbers!.status!], [0, 0x40000000]);
  assert.equal(numbers!.unit, "Cel");
  assert.deepEqual(text!.text, ['{"a":1}']);
  await next.close();
  await store.close();
});

test("without a spool it waits in memory, and refuses what does not fit", async () => {
  const registry = new SignalRegistry();
  const away = openHistorian({ engine: "influx", url: "http://127.0.0.1:9", bucket: "b", registry });
  const writer = new HistorianWriter(away, { registry, maxQueued: 3, retryMs: 10 });
  const waiting = ["a", "b", "c"].map((name) => writer.write(batchOf(registry, [[`p/m/${name}`, 1, 0]])));
  const outcome = Promise.allSettled(waiting);
  await assert.rejects(writer.write(batchOf(registry, [["p/m/d", 1, 0]])), { code: "historian.queue-full" });
  await until("an attempt", () => writer.stats().retries > 1);
  assert.equal(writer.health().status, "down");
  assert.equal(writer.stats().queued, 3);
  await writer.close();
  assert.deepEqual(
    (await outcome).map((result) => result.status),
    ["rejected", "rejected", "rejected"],
  );
  assert.equal(writer.stats().dropped, 4);
  await assert.rejects(writer.write(batchOf(registry, [["p/m/d", 1, 0]])), { code: "historian.rejected" });
});

test("joins batches and gives each its own receipt", async (t) => {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  const writer = new HistorianWriter(store, { registry });
  const receipts = await Promise.all([
    writer.write(
      batchOf(registry, [
        ["p/m/a", 1, 0],
        ["p/m/a", Number.NaN, 1],
      ]),
    ),
    writer.write(batchOf(registry, [["p/m/b", 1, 0]])),
    writer.write(
      batchOf(registry, [
        ["p/m/c", Number.NaN, 0],
        ["p/m/c", 2, 1],
      ]),
    ),
  ]);
  assert.deepEqual(
    receipts.map(({ written, rejected }) => [written, rejected.map(({ index, path }) => [index, path])]),
    [
      [1, [[1, "p/m/a"]]],
      [1, []],
      [1, [[0, "p/m/c"]]],
    ],
  );
  assert.equal(writer.stats().reasons.length, 1);
  await writer.close();
  await store.close();
});

/** A store that does with a write as told. */
function storeThat(write: (batch: SampleBatch) => void): HistorianStore {
  const store = openHistorian({ engine: "influx", url: "http://127.0.0.1:9", bucket: "b" });
  store.write = (batch) => {
    try {
      write(batch);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    return Promise.resolve({ written: batch.length, rejected: [] });
  };
  return store;
}

test("does not come back before the store has asked for it", async () => {
  const registry = new SignalRegistry();
  const attempts: number[] = [];
  const store = storeThat(() => {
    attempts.push(performance.now());
    if (attempts.length === 1) throw new FplusError("historian.unreachable", "busy", { retryAfterMs: 300 });
  });
  const writer = new HistorianWriter(store, { registry, retryMs: 1, maxRetryMs: 1 });
  assert.equal((await writer.write(batchOf(registry, [["p/m/a", 1, 0]]))).written, 1);
  assert.equal(attempts.length, 2);
  // A timer may go off a millisecond early.
  assert.ok(attempts[1]! - attempts[0]! >= 298, `after ${attempts[1]! - attempts[0]!} ms`);
  await writer.close();
});

test("a backlog goes out in few large writes, in order; a record that is refused for good holds up no other", async (t) => {
  const registry = new SignalRegistry();
  let away = true;
  const sizes: number[] = [];
  const stored: number[] = [];
  const store = storeThat((batch) => {
    if (away) throw new FplusError("historian.unreachable", "away");
    const values = Array.from({ length: batch.length }, (_, i) => batch.f64[i]!);
    if (values.includes(3)) throw new FplusError("historian.rejected", "no three");
    sizes.push(batch.length);
    stored.push(...values);
  });
  const spool = openSpool({ directory: temporaryFolder(t), maxBytes: 16e6, policy: "refuse" });
  const writer = new HistorianWriter(store, { spool, registry, retryMs: 1, maxRetryMs: 1 });
  for (let i = 0; i < 24; i++) {
    // One is awaited before the next comes, so each is a record of its own.
    const receipt = await writer.write(batchOf(registry, [["p/m/a", i, i]]));
    assert.equal(receipt.spooled, 1);
  }
  assert.equal(writer.stats().spoolDepth, 24);
  away = false;
  await until("the spool to be empty", () => writer.stats().spoolDepth === 0);
  assert.deepEqual(
    stored,
    Array.from({ length: 24 }, (_, i) => i).filter((i) => i !== 3),
  );
  assert.deepEqual(sizes, [1, 1, 1, 1, 1, 1, 1, 8, 8]);
  const { dropped, reasons, written } = writer.stats();
  assert.deepEqual([dropped, written], [1, 23]);
  assert.match(reasons.join(), /no three/);
  await writer.close();
});
