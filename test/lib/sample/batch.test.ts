import assert from "node:assert/strict";
import { test } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import { SampleBatch, SampleFlag, ValueType } from "../../../lib/sample/index.ts";

const NOW = 1_700_000_000_000;

test("every kind of value reads back as it was put in", () => {
  const cases: [number, unknown][] = [
    [ValueType.Int8, -128],
    [ValueType.UInt32, 4_294_967_295],
    [ValueType.Int64, -5],
    [ValueType.Int64, -9_223_372_036_854_775_808n],
    [ValueType.UInt64, 18_446_744_073_709_551_615n],
    [ValueType.Double, 0.1],
    [ValueType.Boolean, true],
    [ValueType.Boolean, false],
    [ValueType.String, ""],
    [ValueType.DateTime, NOW],
    [ValueType.Bytes, new Uint8Array([0, 255])],
    [ValueType.DoubleArray, [1.5, -2]],
    [ValueType.Double, null],
  ];
  const batch = new SampleBatch(1);
  for (const [type, value] of cases) batch.addValue(7, type, value as never, NOW, 123_456);
  assert.equal(batch.length, cases.length);
  cases.forEach(([, value], i) => assert.deepEqual(batch.value(i), value));
  assert.equal(batch.timeNs[3], 123_456);
  assert.equal(batch.flags[12], SampleFlag.Null);
});

test("lanes keep their content when the batch grows", () => {
  const batch = new SampleBatch(2);
  for (let i = 0; i < 1000; i++) batch.addValue(i, ValueType.UInt64, BigInt(i) << 40n, NOW + i, i, i);
  for (let i = 0; i < 1000; i++) {
    assert.equal(batch.signal[i], i);
    assert.equal(batch.value(i), Number(BigInt(i) << 40n));
    assert.equal(batch.status[i], i);
    assert.equal(batch.timeMs[i], NOW + i);
  }
});

test("a value that does not fit its type is refused and leaves the batch unchanged", () => {
  const batch = new SampleBatch();
  const misfits: [number, unknown][] = [
    [ValueType.Double, "12"],
    [ValueType.Int64, 1.5],
    [ValueType.String, 5],
  ];
  for (const [type, value] of misfits) {
    assert.throws(
      () => batch.addValue(0, type, value as never, NOW),
      (error: unknown) => error instanceof FplusError && error.code === "sample.invalid",
    );
  }
  assert.equal(batch.length, 0);
});

test("number() serves charts: NaN for text and null, numbers for the rest", () => {
  const batch = new SampleBatch();
  batch.addValue(0, ValueType.String, "x", NOW);
  batch.addValue(0, ValueType.Double, null, NOW);
  batch.addValue(0, ValueType.Boolean, true, NOW);
  batch.addValue(0, ValueType.UInt64, 2n ** 63n, NOW);
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => batch.number(i)),
    [Number.NaN, Number.NaN, 1, 2 ** 63],
  );
});

test("addFrom copies a sample with all its lanes", () => {
  const source = new SampleBatch();
  source.addValue(3, ValueType.String, "on", NOW, 9, 0x8000_0000);
  source.addValue(4, ValueType.Int64, -1n, NOW);
  const copy = new SampleBatch(1);
  copy.addFrom(source, 1);
  copy.addFrom(source, 0);
  assert.equal(copy.value(0), -1);
  assert.deepEqual([copy.value(1), copy.signal[1], copy.timeNs[1], copy.status[1]], ["on", 3, 9, 0x8000_0000]);
});
