import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { batchFromPlain } from "../../../lib/sample/index.ts";
import { batchOf, type Message } from "../../../nodes/frame/index.ts";

const fromFunctionNode = (code: string): unknown => runInNewContext(`(${code})`);

test("values that a function node made, in a realm of its own, are taken like any other", () => {
  const payload = fromFunctionNode("{ Temperature: 20.5, At: new Date(1000), Raw: new Uint8Array([1, 2]) }");
  const batch = batchOf({ topic: "Press", payload } as unknown as Message);
  assert.equal(batch.length, 3);
  assert.equal(batch.value(0), 20.5);
  assert.equal(batch.f64[1] || batch.value(1), 1000);
  assert.ok(batch.value(2) instanceof Uint8Array);
  assert.equal(batchFromPlain([{ name: "x", value: fromFunctionNode("new Date(5)"), timestamp: 1 }]).value(0), 5);
});
