import assert from "node:assert/strict";
import { test } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import {
  batchFromPlain,
  plainSample,
  plainSamples,
  qualityOf,
  SignalRegistry,
  Status,
  statusName,
  ValueType,
} from "../../../lib/sample/index.ts";

test("plain samples survive the way through a batch", () => {
  const registry = new SignalRegistry();
  const samples = [
    {
      name: "Line1/Press/Temperature",
      value: 71.5,
      timestamp: 1_700_000_000_000,
      quality: "good",
      type: "Float",
      unit: "Cel",
    },
    { name: "Line1/Press/State", value: "running", timestamp: 1_700_000_000_001, quality: "uncertain", type: "String" },
    { name: "Line1/Press/Total", value: 2n ** 60n, timestamp: 1_700_000_000_002, quality: "bad", type: "UInt64" },
  ];
  const back = plainSamples(batchFromPlain(samples, registry), registry);
  assert.deepEqual(
    back.map(({ status: _status, ...sample }) => sample),
    samples,
  );
  assert.deepEqual([back[1]?.status, back[2]?.status], ["Uncertain", "Bad"]);
});

test("a signal keeps its type when a value of that kind comes untyped", () => {
  const registry = new SignalRegistry();
  registry.intern({ source: "Line1", device: "Press", metric: "Count", type: ValueType.UInt32 });
  const batch = batchFromPlain([{ name: "Line1/Press/Count", value: 7 }], registry);
  assert.equal(batch.type[0], ValueType.UInt32);
});

test("a name that is an object's own trap is only a name", () => {
  const registry = new SignalRegistry();
  const batch = batchFromPlain(
    [
      { name: "__proto__", value: 1 },
      { name: "a/constructor", value: 2 },
    ],
    registry,
  );
  assert.deepEqual([batch.value(0), batch.value(1)], [1, 2]);
});

test("missing names and times that are none are named", () => {
  const registry = new SignalRegistry();
  const fieldOf = (run: () => unknown): string | undefined => {
    try {
      run();
    } catch (error) {
      return error instanceof FplusError ? error.field : "other";
    }
    return "none";
  };
  assert.equal(
    fieldOf(() => batchFromPlain([{ name: "", value: 1 }], registry)),
    "name",
  );
  assert.equal(
    fieldOf(() => batchFromPlain([{ name: "a/b", value: 1, timestamp: "noon" }], registry)),
    "timestamp",
  );
});

test("the registry is bounded and its ids are dense", () => {
  const registry = new SignalRegistry(2);
  assert.equal(registry.intern({ source: "s", device: "d", metric: "a" }).id, 0);
  assert.equal(registry.intern({ source: "s", device: "d", metric: "b" }).id, 1);
  assert.equal(registry.intern({ source: "s", device: "d", metric: "a", unit: "bar" }).id, 0);
  assert.equal(registry.get(0).unit, "bar");
  assert.throws(() => registry.intern({ source: "s", device: "d", metric: "c" }), { code: "sample.too-many-signals" });
});

test("a StatusCode keeps its name through plain samples", () => {
  const registry = new SignalRegistry();
  const sample = {
    name: "Line/Press/Load",
    value: 1,
    timestamp: 5,
    quality: "bad",
    status: "BadOutOfService",
    type: "Double",
  };
  assert.deepEqual(plainSample(batchFromPlain([sample], registry), 0, registry), sample);
  const unnamed = batchFromPlain([{ ...sample, status: "nonsense" }], registry);
  assert.equal(unnamed.status[0], Status.Bad);
});

test("quality is the severity of a StatusCode, whatever its info bits", () => {
  assert.equal(qualityOf(Status.Good), "good");
  assert.equal(qualityOf(0x0000_0480), "good");
  assert.equal(qualityOf(Status.UncertainLastUsableValue), "uncertain");
  assert.equal(qualityOf(0x8031_0480), "bad");
  assert.equal(statusName(0x8031_0480), "BadNoCommunication");
  assert.equal(statusName(0x808d_0000), "BadOutOfService");
  assert.equal(statusName(0x8fff_0000), "0x8fff0000");
});
