/** What other implementations get wrong, each by name (bugs reported for them in public). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePayload, decodePlain, encodePlain, head, typeOf, valueAt } from "../../../lib/sparkplug/index.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const first = (payload: Uint8Array): unknown => decodePlain(payload).metrics[0]?.value;
const roundTrip = (type: string, value: unknown): unknown =>
  first(encodePlain({ metrics: [{ name: "m", type, value }] }));

test("sparkplug-payload: a negative Int64 becomes a huge unsigned number, depending on which `long` npm hoists", () => {
  assert.equal(roundTrip("Int64", -5), -5);
  assert.equal(roundTrip("Int64", -(2n ** 63n)), -(2n ** 63n));
  assert.equal(roundTrip("Int64", { low: -5, high: -1, unsigned: false }), -5);
});

test("sparkplug-payload: nested property sets take exponential time", () => {
  let properties: Record<string, { type: string; value: unknown }> = {};
  for (let depth = 0; depth < 14; depth++) properties = { deeper: { type: "PropertySet", value: properties } };
  const payload = encodePlain({ metrics: [{ name: "m", type: "Int32", value: 1, properties }] });
  assert.equal(JSON.stringify(decodePlain(payload).metrics[0]?.properties).split("deeper").length, 15);
});

test("sparkplug-payload: a value without datatype, as the specification wants it in DATA, is lost", () => {
  decodePayload(bytes("12 0b 10 07 69 00 00 00 00 00 00 f8 3f"));
  assert.equal(valueAt(0, typeOf(0, 10)), 1.5);
  decodePayload(bytes("12 08 10 07 50 fb ff ff ff 0f"));
  assert.equal(valueAt(0, typeOf(0, 3)), -5);
});

test("sparkplug-payload: data sets with columns of Int8, Int16, UInt64, DateTime or Text, or a null cell, throw", () => {
  const table = {
    numOfColumns: 5,
    columns: ["a", "b", "c", "d", "e"],
    types: ["Int8", "Int16", "UInt64", "DateTime", "Text"],
    rows: [
      [-1, -2, 2n ** 64n - 1n, 5, "x"],
      [null, null, null, null, null],
    ],
  };
  assert.deepEqual(roundTrip("DataSet", table), table);
});

test("sparkplug-payload: template parameters of Int8, UInt16 or DateTime throw", () => {
  const template = {
    templateRef: "Motor",
    isDefinition: false,
    metrics: [],
    parameters: [
      { name: "a", type: "Int8", value: -8 },
      { name: "b", type: "UInt16", value: 65_535 },
      { name: "c", type: "DateTime", value: 1_700_000_000_000 },
    ],
  };
  assert.deepEqual(roundTrip("Template", template), template);
});

test("sparkplug-payload: a null data set, a null template and a nested null property set throw", () => {
  assert.equal(roundTrip("DataSet", null), null);
  assert.equal(roundTrip("Template", null), null);
  const properties = { set: { type: "PropertySet", value: null } };
  const payload = encodePlain({ metrics: [{ name: "m", type: "Int32", value: 1, properties }] });
  assert.deepEqual(decodePlain(payload).metrics[0]?.properties, properties);
});

test("sparkplug-payload, EMQX: UInt32 in int_value is lost; ThingsBoard: it is shown as -1", () => {
  assert.equal(first(bytes("12 08 20 07 50 ff ff ff ff 0f")), 4_294_967_295);
  assert.equal(first(bytes("12 08 20 07 58 ff ff ff ff 0f")), 4_294_967_295);
});

test("Tahu Python, pysparkplug: Int8 and Int16 as 8 and 16 bits; others sign-extend to 32 or 64", () => {
  assert.equal(first(bytes("12 05 20 01 50 ff 01")), -1);
  assert.equal(first(bytes("12 06 20 02 50 ff ff 03")), -1);
  assert.equal(first(bytes("12 08 20 02 50 ff ff ff ff 0f")), -1);
  assert.equal(first(bytes("12 0d 20 02 50 ff ff ff ff ff ff ff ff ff 01")), -1);
});

test("sparkplug-payload: arrays come as null and go out without a value", () => {
  for (const [type, value] of [
    ["Int8Array", [-23, 123]],
    ["UInt8Array", [23, 250]],
    ["BooleanArray", [false, false, true, true, false, true, false, false, true, true, false, true]],
    ["StringArray", ["ABC", "hello"]],
    ["DateTimeArray", [1_256_102_875_335, 1_656_107_875_000]],
  ] as const) {
    assert.deepEqual(roundTrip(type, value), value, type);
  }
});

test("Tahu Java: UInt8Array of 128 and more turns negative; Tahu Python: BooleanArray has its bits the wrong way round", () => {
  assert.deepEqual(first(bytes("12 07 20 1a 82 01 02 17 fa")), [23, 250]);
  // The specification's own example: the first value in the highest bit.
  assert.deepEqual(first(bytes("12 0b 20 20 82 01 06 0c 00 00 00 34 d0")), [
    false,
    false,
    true,
    true,
    false,
    true,
    false,
    false,
    true,
    true,
    false,
    true,
  ]);
});

test("Tahu Java: the text null in a data set becomes null", () => {
  const table = { numOfColumns: 1, columns: ["a"], types: ["String"], rows: [["null"], [""]] };
  assert.deepEqual(roundTrip("DataSet", table), table);
});

test("Tahu Java: one malformed array throws away the whole message", () => {
  const bad = bytes("12 08 20 18 82 01 03 01 02 03");
  const good = encodePlain({ metrics: [{ name: "good", type: "Int32", value: 1 }] });
  const { metrics, faults } = decodePlain(Uint8Array.from([...bad, ...good]));
  assert.deepEqual([metrics.length, faults?.length], [1, 1]);
});

test("sparkplug-payload, protobuf-es: an inner length that reaches into its neighbour is read as if it were right", () => {
  // A name of five bytes in a metric of four.
  const { metrics, faults } = decodePlain(bytes("12 04 0a 05 61 62 12 04 50 01 20 03"));
  assert.deepEqual([metrics.length, metrics[0]?.value, faults?.length], [1, 1, 1]);
});

test("sparkplug-payload: unmatched groups are accepted; a truth value with only high bits is false", () => {
  assert.throws(() => decodePayload(bytes("0c")), { code: "sparkplug.malformed" });
  assert.throws(() => decodePayload(bytes("3b 12 00")), { code: "sparkplug.malformed" });
  assert.equal(first(bytes("12 0c 20 0b 70 80 80 80 80 80 80 80 80 40")), true);
});

test("sparkplug-payload: a sub-message in two parts is not joined", () => {
  // Two properties fields: a key and its value.
  const [metric] = decodePlain(bytes("12 0f 4a 03 0a 01 61 4a 06 12 04 08 03 18 05 50 01")).metrics;
  assert.deepEqual(metric?.properties, { a: { type: "Int32", value: 5 } });
});

test("tahu, MQTT Explorer: 64-bit integers leak as { low, high, unsigned }", () => {
  const { metrics, seq, timestamp } = decodePlain(
    encodePlain({ timestamp: 1_700_000_000_123, seq: 3, metrics: [{ name: "m", type: "UInt64", value: 2 ** 52 }] }),
  );
  assert.deepEqual([typeof timestamp, typeof seq, metrics[0]?.value], ["number", "number", 2 ** 52]);
});

test("AMRC: timestamps in nanoseconds keep their nanoseconds", () => {
  const payload = encodePlain({
    timestamp: 1_700_000_000_123_456_789n,
    metrics: [{ name: "m", type: "Int32", value: 1, timestamp: 1_700_000_000_123_999_999n }],
  });
  decodePayload(payload);
  assert.deepEqual([head.timeMs, head.timeNs], [1_700_000_000_123, 456_789]);
});

test("encoders: a value that does not fit is an error that names the metric, never another number", () => {
  for (const [type, value] of [
    ["Int8", 128],
    ["UInt16", -1],
    ["UInt32", 1.5],
    ["Int64", 2n ** 63n],
    ["Double", "5"],
    ["Boolean", 2],
    ["Nonsense", 1],
  ] as const) {
    assert.throws(() => encodePlain({ metrics: [{ name: "Press/Load", type, value }] }), {
      code: "sparkplug.encode",
      field: "Press/Load",
    });
  }
});
