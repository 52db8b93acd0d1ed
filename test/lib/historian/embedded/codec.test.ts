import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ByteReader, ByteWriter } from "../../../../lib/historian/bytes.ts";
import { decodeColumn, encodeColumn } from "../../../../lib/historian/embedded/codec.ts";
import { Column } from "../../../../lib/historian/embedded/column.ts";
import { readPacked, writePacked } from "../../../../lib/historian/embedded/packed-integers.ts";
import { doublesOf } from "../../../../lib/historian/points.ts";
import { ValueType } from "../../../../lib/sample/index.ts";

function packed(values: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  writePacked(writer, Float64Array.from(values));
  return writer.take().slice();
}

function columnOf(samples: readonly (readonly [time: number, value: number])[]): Column {
  const value = new Float64Array(1);
  const words = new Uint32Array(value.buffer);
  const column = new Column();
  for (const [time, number] of samples) {
    value[0] = number;
    column.put(time, 0, 0, ValueType.Double, words[0]!, words[1]!, undefined);
  }
  return column;
}

const samplesOf = (column: Column): number[][] =>
  [...doublesOf(column.bits.subarray(0, column.length * 2))].map((value, i) => [column.ms[i]!, value]);

test("whole numbers of any spread come back from their blocks", () => {
  const whole = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.integer({ min: -(2 ** 24), max: 2 ** 24 }),
    fc.maxSafeInteger().map((value) => Math.floor(value / 4)),
  );
  const run = fc.tuple(whole, fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 300 }));
  const line = ([from, step, count]: [number, number, number]): number[] =>
    Array.from({ length: count }, (_, i) => from + step * i);
  const values = fc.oneof(
    fc.array(whole, { maxLength: 700 }),
    fc.array(run, { maxLength: 6 }).map((runs) => runs.flatMap(line)),
  );
  fc.assert(
    fc.property(values, (given) => {
      assert.deepEqual([...readPacked(new ByteReader(packed(given)), given.length)], given);
    }),
    { numRuns: 400 },
  );
});

test("equal values and equal steps take no bits, noise takes those of its range", () => {
  const bits = (value: (i: number) => number): number =>
    (packed(Array.from({ length: 512 }, (_, i) => value(i))).length * 8) / 512;
  assert.ok(bits(() => 7_000_000) < 0.4);
  assert.ok(bits((i) => 1_700_000_000_000 + i * 1000) < 0.5);
  assert.ok(bits((i) => (i * 7919) % 128) < 7.5);
});

test("a block that ends too early is said, wherever it is cut", () => {
  const bytes = packed(Array.from({ length: 300 }, (_, i) => (i * i * 31) % 1009));
  for (let end = 0; end < bytes.length; end++) {
    assert.throws(() => readPacked(new ByteReader(bytes.subarray(0, end)), 300), { code: "historian.io" });
  }
});

test("columns come back bit by bit, whatever their numbers", () => {
  const number = fc.oneof(
    fc.double({ noNaN: true }),
    fc.float({ noNaN: true }),
    fc.integer({ min: -9999, max: 9999 }).map((value) => value / 100),
    fc.constantFrom(0, -0, Number.MIN_VALUE, 2 ** 51, -(2 ** 53)),
  );
  const sample = fc.tuple(fc.integer({ min: -9e12, max: 9e12 }), number);
  fc.assert(
    fc.property(fc.uniqueArray(sample, { selector: ([time]) => time, maxLength: 600 }), (samples) => {
      const column = columnOf(samples);
      assert.deepEqual(samplesOf(decodeColumn(encodeColumn(column))), samplesOf(column));
    }),
    { numRuns: 200 },
  );
});

test("chunks of the layout before are read: steps of steps and scaled values as varints", () => {
  const body = Buffer.from("04000a80a0abfef962d00f060b0002d21f32db24d804", "hex");
  assert.deepEqual(samplesOf(decodeColumn(Buffer.concat([Buffer.of(0), body]))), [
    [1_700_000_000_000, 20.25],
    [1_700_000_001_000, 20.5],
    [1_700_000_002_003, -3],
    [1_700_000_003_000, 0],
  ]);
});
