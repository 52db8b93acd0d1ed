import assert from "node:assert/strict";
import { describe, test } from "node:test";
import sparkplugPayload from "sparkplug-payload";
import { FplusError } from "../../../lib/errors/index.ts";
import { SampleBatch, type SampleValue, Status, ValueType, valueTypeName } from "../../../lib/sample/index.ts";
import {
  addMetric,
  decodePayload,
  head,
  knownProperties,
  metricName,
  PayloadEncoder,
  typeOf,
} from "../../../lib/sparkplug/index.ts";
import { seededRandom } from "../../support/random.ts";
import { NOW, VALUES as SEEDS } from "../../support/sparkplug/seeds.ts";

const reference = sparkplugPayload.get("spBv1.0")!;

/** What a batch can hold of every type. */
const VALUES = Object.entries(SEEDS).map(([type, values]) => [Number(type), values as readonly SampleValue[]] as const);

function encodeOne(type: number, value: SampleValue, seq = 3): Uint8Array {
  const batch = new SampleBatch();
  batch.addValue(0, type, value, NOW);
  return new PayloadEncoder().begin(NOW, seq).sample({ name: "m", alias: 7 }, batch, 0).finish();
}

function decodeOne(bytes: Uint8Array): SampleBatch {
  const count = decodePayload(bytes);
  const batch = new SampleBatch();
  for (let i = 0; i < count; i++) addMetric(i, typeOf(i, 0), 0, 0, batch, NOW);
  return batch;
}

describe("round trip", () => {
  for (const [type, values] of VALUES) {
    test(valueTypeName(type), () => {
      for (const value of [...values, null]) {
        const back = decodeOne(encodeOne(type, value));
        assert.deepEqual(back.value(0), value);
        assert.deepEqual([back.type[0], back.timeMs[0], back.length], [type, NOW, 1]);
      }
    });
  }
});

test("sparkplug-payload reads what is written", () => {
  for (const [type, values] of VALUES) {
    // It cannot read arrays, nor data sets and templates of small integers.
    if (type >= ValueType.Int8Array || type === ValueType.DataSet || type === ValueType.Template) continue;
    for (const value of values) {
      const decoded = reference.decodePayload(encodeOne(type, value));
      const metric = decoded.metrics?.[0];
      assert.equal(metric?.type, valueTypeName(type));
      assert.equal(metric?.name, "m");
      assert.equal(Number(metric?.alias), 7);
      assert.equal(Number(decoded.seq), 3);
      // It reads negative Int64 as unsigned whenever npm has hoisted another version of `long`.
      const signed = type === ValueType.Int64 || type === ValueType.DateTime;
      const seen = signed ? BigInt.asIntN(64, BigInt(String(metric?.value))) : (metric?.value as unknown);
      if (value instanceof Uint8Array) assert.deepEqual(new Uint8Array(seen as Uint8Array), value);
      else assert.equal(String(seen), String(value), valueTypeName(type));
    }
  }
});

test("what sparkplug-payload writes is read", () => {
  const metrics = VALUES.filter(
    ([type]) => type <= ValueType.Double && type !== ValueType.Int64 && type !== ValueType.UInt64,
  ).flatMap(([type, values]) =>
    values.map((value) => ({ name: `a${type}`, type: valueTypeName(type), value, timestamp: NOW })),
  );
  const bytes = reference.encodePayload({ timestamp: NOW, seq: 255, metrics: metrics as never });
  const batch = decodeOne(bytes);
  assert.equal(head.seq, 255);
  metrics.forEach((metric, i) => {
    assert.equal(metricName(i), metric.name);
    assert.equal(batch.value(i), metric.value);
  });
});

test("both carriers of UInt32 and narrow two's complement are read", () => {
  const metric = (...body: number[]): Uint8Array => Uint8Array.from([0x12, body.length, ...body]);
  assert.equal(decodeOne(metric(0x20, 7, 0x50, 0xff, 0xff, 0xff, 0xff, 0x0f)).value(0), 4_294_967_295);
  assert.equal(decodeOne(metric(0x20, 7, 0x58, 0xff, 0xff, 0xff, 0xff, 0x0f)).value(0), 4_294_967_295);
  assert.equal(decodeOne(metric(0x20, 1, 0x50, 0xff, 0x01)).value(0), -1); // 8-bit form
  assert.equal(decodeOne(metric(0x20, 1, 0x50, 0xff, 0xff, 0xff, 0xff, 0x0f)).value(0), -1); // 32-bit form
  assert.equal(decodeOne(metric(0x20, 2, 0x50, 0xff, 0xff, 0x03)).value(0), -1); // 16-bit form
});

test("nanosecond times are told from milliseconds", () => {
  const nanoseconds = 1_700_000_000_123_456_789n;
  const encoder = new PayloadEncoder();
  const body: number[] = [0x20, 10, 0x18];
  for (let rest = nanoseconds; ; rest >>= 7n) {
    body.push(Number(rest & 0x7fn) | (rest >= 0x80n ? 0x80 : 0));
    if (rest < 0x80n) break;
  }
  body.push(0x69, 0, 0, 0, 0, 0, 0, 0, 0);
  const batch = decodeOne(Uint8Array.from([...encoder.begin(NOW, 0).finish(), 0x12, body.length, ...body]));
  assert.deepEqual([batch.timeMs[0], batch.timeNs[0]], [1_700_000_000_123, 456_789]);
});

test("quality and unit travel as properties", () => {
  const batch = new SampleBatch();
  batch.addValue(0, ValueType.Double, 1, NOW);
  const cases: [number, number][] = [
    [192, Status.Good],
    [0, Status.Bad],
    [500, Status.UncertainLastUsableValue],
  ];
  for (const [quality, status] of cases) {
    const bytes = new PayloadEncoder().begin(NOW, 0).sample({ name: "m", quality, unit: "°C" }, batch, 0).finish();
    decodePayload(bytes);
    assert.deepEqual(knownProperties(0), { status, unit: "°C" });
    const seen = reference.decodePayload(bytes).metrics?.[0]?.properties as Record<string, { value: unknown }>;
    assert.deepEqual([seen["Quality"]?.value, seen["engUnit"]?.value], [quality, "°C"]);
  }
});

test("a metric that does not fit does not disturb its neighbours", () => {
  const good = encodeOne(ValueType.Double, 5);
  const template = Uint8Array.from([0x12, 7, 0x20, 19, 0x92, 0x01, 2, 0x10, 1]);
  assert.equal(decodePayload(Uint8Array.from([...template, ...good])), 2);
  const batch = new SampleBatch();
  addMetric(1, typeOf(1, 0), 0, 0, batch, NOW);
  assert.equal(batch.value(0), 5);
});

test("hostile bytes end in a typed error with an offset, or in a payload, never otherwise", () => {
  const random = seededRandom(20261123);
  const seeds = VALUES.flatMap(([type, values]) => values.slice(0, 2).map((value) => encodeOne(type, value)));
  let malformed = 0;
  for (let round = 0; round < 60_000; round++) {
    const bytes = Uint8Array.from(seeds[Math.floor(random() * seeds.length)]!.subarray(0, 300));
    for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const cut = random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
    try {
      const count = decodePayload(cut);
      if (head.broken > 0) throw head.firstFault;
      const batch = new SampleBatch();
      for (let i = 0; i < count; i++) {
        knownProperties(i);
        addMetric(i, typeOf(i, 0), 0, 0, batch, NOW);
        batch.value(i);
      }
    } catch (error) {
      assert.ok(error instanceof FplusError, `round ${round}: ${String(error)}`);
      malformed += 1;
    }
  }
  assert.ok(malformed > 1000);
});

test("the owner's documents of birth, data and death are payloads", () => {
  for (const document of [
    {
      timestamp: 1_640_995_200_000,
      metrics: [{ name: "Node Control/Next Server", value: "Factory+", type: "String" }],
    },
    { timestamp: 1_640_995_200_000, metrics: [{ name: "Temperature", value: 75.5, type: "Double" }] },
    { timestamp: 1_640_995_200_000, metrics: [] },
  ]) {
    assert.equal(decodePayload(reference.encodePayload(document as never)), document.metrics.length);
    assert.equal(head.timeMs, 1_640_995_200_000);
    document.metrics.forEach((metric, i) => assert.equal(metricName(i), metric.name));
  }
});
