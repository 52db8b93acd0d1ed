import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { LeaseTable } from "../../../lib/plant/index.ts";

function counted(): { opened: number; closed: number; open: () => { close(): Promise<void> } } {
  const counts = {
    opened: 0,
    closed: 0,
    open: () => {
      counts.opened += 1;
      return { close: async () => void (counts.closed += 1) };
    },
  };
  return counts;
}

test("holders of one key share the resource, and it outlives a redeploy", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const table = new LeaseTable();
  const counts = counted();
  const first = table.acquire("session", counts.open);
  const second = table.acquire("session", counts.open);
  assert.equal(first.value, second.value);
  await first.release();
  await second.release();
  mock.timers.tick(9_999);
  const after = table.acquire("session", counts.open);
  assert.equal(after.value, first.value);
  mock.timers.tick(60_000);
  assert.deepEqual([counts.opened, counts.closed], [1, 0]);
});

test("a resource that nobody asks for again is closed once", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const table = new LeaseTable();
  const counts = counted();
  const lease = table.acquire("session", counts.open);
  await lease.release();
  await lease.release();
  mock.timers.tick(10_000);
  assert.equal(counts.closed, 1);
  assert.notEqual(table.acquire("session", counts.open).value, lease.value);
});

test("a stop closes lingering resources at once and held ones with their last holder", async () => {
  const table = new LeaseTable();
  const idle = counted();
  const held = counted();
  await table.acquire("idle", idle.open).release();
  const lease = table.acquire("held", held.open);
  await table.stop();
  assert.deepEqual([idle.closed, held.closed], [1, 0]);
  await lease.release();
  assert.equal(held.closed, 1);
});

test("other settings replace the resource, and the new one waits for the old to be closed", async () => {
  const table = new LeaseTable();
  let finishClose = (): void => undefined;
  const old = table.acquire(
    "port",
    () => ({ close: () => new Promise<void>((resolve) => (finishClose = resolve)) }),
    "a",
  );
  await old.release();
  const successor = table.acquire("port", () => ({ close: async () => undefined }), "b");
  let ready = false;
  const waiting = successor.ready.then(() => (ready = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ready, false);
  finishClose();
  await waiting;
  assert.equal(ready, true);
  assert.equal(table.acquire("port", () => ({ close: async () => undefined }), "b").value, successor.value);
});
