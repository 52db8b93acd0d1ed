import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MessageOrder } from "../../../lib/sparkplug/host/message-order.ts";

function order(t: TestContext, timeoutMs: number) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const said: string[] = [];
  const one = new MessageOrder<string>(timeoutMs, {
    deliver: (message, late) => said.push(late ? `${message} late` : message),
    gap: (seq) => said.push(`gap ${seq}`),
  });
  one.begin(0);
  return { one, said, tick: (ms: number) => t.mock.timers.tick(ms) };
}

test("messages in order pass at once, also where seq begins anew", (t) => {
  const { one, said } = order(t, 1000);
  for (let seq = 1; seq <= 600; seq++) one.take(seq & 0xff, String(seq));
  assert.deepEqual(
    said,
    Array.from({ length: 600 }, (_, i) => String(i + 1)),
  );
});

test("one that comes too early is held until the missing one is there", (t) => {
  const { one, said, tick } = order(t, 1000);
  one.take(3, "c");
  one.take(2, "b");
  assert.deepEqual([said, one.waiting], [[], 2]);
  one.take(1, "a");
  assert.deepEqual(said, ["a", "b", "c"]);
  tick(2000);
  one.take(4, "d");
  assert.deepEqual([said.at(-1), one.gaps], ["d", 0]);
});

test("when the reordering timeout elapses, the gap is told and what waited is delivered in order", (t) => {
  const { one, said, tick } = order(t, 1000);
  one.take(5, "e");
  one.take(3, "c");
  tick(999);
  assert.deepEqual(said, []);
  tick(1);
  assert.deepEqual(said, ["gap 1", "c", "gap 4", "e"]);
  one.take(1, "a");
  one.take(6, "f");
  assert.deepEqual(said.slice(4), ["a late", "f"]);
});

test("without a timeout a gap is told at once", (t) => {
  const { one, said } = order(t, 0);
  one.take(2, "b");
  one.take(3, "c");
  assert.deepEqual(said, ["gap 1", "b", "c"]);
});

test("one that comes twice is counted; a birth ends the waiting", (t) => {
  const { one, said, tick } = order(t, 1000);
  one.take(1, "a");
  one.take(1, "a");
  one.take(4, "d");
  one.take(4, "d");
  assert.equal(one.duplicates, 2);
  one.begin(0);
  one.take(1, "A");
  tick(5000);
  assert.deepEqual(said, ["a", "a late", "gap 2", "d", "A"]);
});

test("no more than a bounded number waits, and a message without seq passes", (t) => {
  const { one, said } = order(t, 1000);
  for (let seq = 2; seq < 200; seq++) one.take(seq, String(seq));
  assert.ok(one.waiting <= 128, String(one.waiting));
  one.take(-1, "x");
  assert.equal(said.at(-1), "x");
});
