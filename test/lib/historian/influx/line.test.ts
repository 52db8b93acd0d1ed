import assert from "node:assert/strict";
import { test } from "node:test";
import { Point } from "@influxdata/influxdb-client";
import { LineRenderer, renderLines } from "../../../../lib/historian/influx/line.ts";
import { takeIn } from "../../../../lib/historian/points.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";

test("renders as the official client does", () => {
  const registry = new SignalRegistry();
  const signal = registry.intern({
    source: "Acme Ltd,UK",
    device: "Press=1",
    metric: "Hydraulics/Oil °C",
    unit: "Cel",
    hierarchy: ["Acme Ltd", "Leeds"],
  });
  const batch = new SampleBatch(4);
  batch.addValue(signal.id, ValueType.Double, 21.5, 1_700_000_000_000, 42);
  batch.addValue(signal.id, ValueType.String, 'say "hi" \\ bye', 1_700_000_000_001);
  batch.addValue(signal.id, ValueType.Boolean, true, 1_700_000_000_002);
  const { points } = takeIn(batch, registry);
  const { lines } = renderLines(new LineRenderer("sensors", registry), points, () => false);
  const point = (): Point =>
    new Point("sensors")
      .tag("device", "Press=1")
      .tag("enterprise", "Acme Ltd")
      .tag("metric", "Hydraulics/Oil °C")
      .tag("path", signal.path)
      .tag("site", "Leeds")
      .tag("source", "Acme Ltd,UK")
      .tag("unit", "Cel");
  assert.deepEqual(lines, [
    point().floatField("value", 21.5).timestamp("1700000000000000042").toLineProtocol(),
    point().stringField("text", 'say "hi" \\ bye').timestamp("1700000000001000000").toLineProtocol(),
    point().floatField("value", 1).timestamp("1700000000002000000").toLineProtocol(),
  ]);
});

test("says a status only where there is, or was, one to say", () => {
  const registry = new SignalRegistry();
  const { id } = registry.intern({ source: "p", device: "m", metric: "T" });
  const renderer = new LineRenderer("sensors", registry);
  const fieldsOf = (status: number, value: number | null, late = false): string => {
    const batch = new SampleBatch(1);
    batch.addValue(id, ValueType.Double, value, -5, 1, status);
    const { lines } = renderLines(renderer, takeIn(batch, registry).points, () => late);
    return lines[0]!.split(" ").slice(1).join(" ");
  };
  assert.equal(fieldsOf(0, 1), "value=1 -4999999");
  assert.equal(fieldsOf(0, 1, true), "value=1,status=0i -4999999");
  assert.equal(fieldsOf(0x80000000, null), "status=2147483648i -4999999");
  assert.equal(fieldsOf(0x80000000, 2), "value=2,status=2147483648i -4999999");
  assert.equal(fieldsOf(0, 3), "value=3,status=0i -4999999");
});

test("keeps 64-bit integers beside the float, follows a new unit, refuses names that would not come back", () => {
  const registry = new SignalRegistry();
  const signal = registry.intern({ source: "p", device: "m", metric: "N" });
  const bad = registry.intern({ source: "p", device: "m", metric: "line\nbreak" });
  const renderer = new LineRenderer("sensors", registry);
  const batch = new SampleBatch(3);
  batch.addValue(signal.id, ValueType.UInt64, 18446744073709551615n, 0);
  batch.addValue(bad.id, ValueType.Double, 1, 0);
  batch.addValue(signal.id, ValueType.Int64, -7n, 0);
  const points = takeIn(batch, registry).points;
  const first = renderLines(renderer, points, () => false);
  const tags = "sensors,device=m,metric=N,path=p/m/N,source=p";
  assert.deepEqual(first.lines, [
    `${tags} value=18446744073709552000,exact="18446744073709551615" 0000000`,
    `${tags} value=-7 0000000`,
  ]);
  assert.deepEqual(first.index, [0, 2]);
  assert.equal(first.faults[0]?.index, 1);
  signal.unit = "bar";
  assert.match(renderLines(renderer, points, () => false).lines[0]!, /,unit=bar value=/);
});
