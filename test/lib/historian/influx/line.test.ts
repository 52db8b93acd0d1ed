import assert from "node:assert/strict";
import { test } from "node:test";
import { Point } from "@influxdata/influxdb-client";
import { LineRenderer } from "../../../../lib/historian/influx/line.ts";
import { putNumber } from "../../../../lib/historian/influx/number.ts";
import { pointIdentity, pointOf } from "../../../../lib/historian/point.ts";
import { takeIn } from "../../../../lib/historian/points.ts";
import { SampleBatch, type SampleValue, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";
import { seededRandom } from "../../../support/random.ts";

/** What a renderer makes of a batch, as text. */
function linesOf(renderer: LineRenderer, batch: SampleBatch, registry: SignalRegistry, late = false): string[] {
  const { bytes, ends, faults } = renderer.render(takeIn(batch, registry).points, () => late);
  assert.deepEqual(faults, []);
  const lines = bytes.toString().split("\n").slice(0, -1);
  assert.equal(lines.length, ends.length);
  return lines;
}

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
  batch.addValue(signal.id, ValueType.String, 'say "hi" \\ bye °', 1_700_000_000_001);
  batch.addValue(signal.id, ValueType.Boolean, true, 1_700_000_000_002);
  const point = (): Point =>
    new Point("sensors")
      .tag("device", "Press=1")
      .tag("enterprise", "Acme Ltd")
      .tag("metric", "Hydraulics/Oil °C")
      .tag("path", signal.path)
      .tag("site", "Leeds")
      .tag("source", "Acme Ltd,UK")
      .tag("unit", "Cel");
  assert.deepEqual(linesOf(new LineRenderer("sensors", registry), batch, registry), [
    point().floatField("value", 21.5).timestamp("1700000000000000042").toLineProtocol(),
    point().stringField("text", 'say "hi" \\ bye °').timestamp("1700000000001000000").toLineProtocol(),
    point().floatField("value", 1).timestamp("1700000000002000000").toLineProtocol(),
  ]);
});

test("names of every length and script come whole", () => {
  const registry = new SignalRegistry();
  const renderer = new LineRenderer("sensors", registry);
  for (let length = 0; length < 40; length++) {
    for (const letters of ["x", "é", "温", "😀", "\u{10FFFF}", "\uFFFF", "a\u007F"]) {
      const unit = `${"x".repeat(length)}${letters}`;
      const { id } = registry.intern({ source: "p", device: "m", metric: `T${length}${letters.codePointAt(0)}`, unit });
      const batch = new SampleBatch(1);
      batch.addValue(id, ValueType.Double, 1, 1_700_000_000_000);
      const { metric, path } = registry.get(id);
      const tags = `device=m,metric=${metric},path=${path},source=p,unit=${unit.replace("\u007F", String.raw`\ `)}`;
      assert.deepEqual(linesOf(renderer, batch, registry), [`sensors,${tags} value=1 1700000000000000000`]);
    }
  }
});

test("says a status only where there is, or was, one to say", () => {
  const registry = new SignalRegistry();
  const { id } = registry.intern({ source: "p", device: "m", metric: "T" });
  const renderer = new LineRenderer("sensors", registry);
  const fieldsOf = (status: number, value: number | null, late = false): string => {
    const batch = new SampleBatch(1);
    batch.addValue(id, ValueType.Double, value, -5, 1, status);
    return linesOf(renderer, batch, registry, late)[0]!.split(" ").slice(1).join(" ");
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
  const first = renderer.render(points, () => false);
  const tags = "sensors,device=m,metric=N,path=p/m/N,source=p";
  assert.deepEqual(first.bytes.toString().split("\n"), [
    `${tags} value=18446744073709552000,exact="18446744073709551615" 0`,
    `${tags} value=-7 0`,
    "",
  ]);
  assert.deepEqual([...first.lineOf], [0, -1, 1]);
  assert.equal(first.faults[0]?.index, 1);
  signal.unit = "bar";
  assert.match(renderer.render(points, () => false).bytes.toString(), /,unit=bar value=/);
});

test("the point of the InfluxDB documentation is one line with three fields of their own types", () => {
  const registry = new SignalRegistry();
  const tags = { location: "production_line_1", sensor_id: "temp_001", device_type: "thermocouple", empty: "" };
  const batch = new SampleBatch(3);
  const at = Date.UTC(2023, 0, 1, 10, 30);
  const fields: [string, number, SampleValue][] = [
    ["temperature", ValueType.Double, 75.5],
    ["humidity", ValueType.Double, 45.2],
    ["status", ValueType.String, "normal"],
  ];
  for (const [field, type, value] of fields) {
    batch.addValue(registry.intern(pointIdentity("temperature_sensors", tags, field)).id, type, value, at);
  }
  for (const layout of ["signals", "devices", "amrc"] as const) {
    assert.deepEqual(linesOf(new LineRenderer("sensors", registry, layout), batch, registry), [
      "temperature_sensors,device_type=thermocouple,location=production_line_1,sensor_id=temp_001" +
        ' temperature=75.5,humidity=45.2,status="normal" 1672569000000000000',
    ]);
  }
});

test("a device is one point a time in the layout of devices", () => {
  const registry = new SignalRegistry();
  const id = (metric: string): number =>
    registry.intern({ source: "Acme/Edge", device: "Press 1", metric, unit: "u", hierarchy: ["Acme"] }).id;
  const batch = new SampleBatch(8);
  batch.addValue(id("Temp"), ValueType.Float, 1.5, 1_700_000_000_000, 0, 0x40000000);
  batch.addValue(id("Run"), ValueType.Boolean, true, 1_700_000_000_000);
  batch.addValue(id("Count"), ValueType.UInt32, 7, 1_700_000_000_000);
  batch.addValue(id("Temp"), ValueType.Float, 2.5, 1_700_000_000_000);
  batch.addValue(id("Big"), ValueType.Int64, -9007199254740993n, 1_700_000_000_001);
  const head = String.raw`sensors,device=Press\ 1,enterprise=Acme,source=Acme/Edge`;
  assert.deepEqual(linesOf(new LineRenderer("sensors", registry, "devices"), batch, registry), [
    `${head} Temp=1.5,Temp:status=1073741824i,Run=true,Count=7i 1700000000000000000`,
    `${head} Temp=2.5,Temp:status=0i 1700000000000000000`,
    `${head} Big=-9007199254740993i 1700000000001000000`,
  ]);
});

test("the lines of the AMRC historian", () => {
  const registry = new SignalRegistry();
  const batch = new SampleBatch(8);
  const add = (metric: string, type: number, value: SampleValue): void => {
    const identity = { source: "AMRC-Cell/Gateway", device: "Robot", metric, unit: "mm", schema: "a-b-c" };
    batch.addValue(registry.intern(identity).id, type, value, 1_700_000_000_000);
  };
  add("Axes/1/Position", ValueType.Double, 1.25);
  add("Count", ValueType.Int32, 5);
  add("Wide", ValueType.UInt64, 18446744073709551615n);
  add("Run", ValueType.Boolean, true);
  add("Name", ValueType.String, "x");
  add("When", ValueType.DateTime, new Date(1_795_422_582_564));
  const tags = "device=Robot,group=AMRC-Cell,node=Gateway";
  const rest = "topLevelSchema=a-b-c,unit=mm,usesSchemas=a-b-c";
  assert.deepEqual(linesOf(new LineRenderer("sensors", registry, "amrc"), batch, registry), [
    `Position:d,${tags},path=Axes/1,${rest} value=1.25 1700000000000000000`,
    `Count:i,${tags},${rest} value=5i 1700000000000000000`,
    `Wide:u,${tags},${rest} value=18446744073709551615u 1700000000000000000`,
    `Run:b,${tags},${rest} value=T 1700000000000000000`,
    `Name:s,${tags},${rest} value="x" 1700000000000000000`,
    `When:s,${tags},${rest} value="1795422582564" 1700000000000000000`,
  ]);
});

test("the AMRC layout names the objects that births tell of, each where it stands and no other", () => {
  const registry = new SignalRegistry();
  const uuid = (digit: number): string => `${digit}2345678-1234-4234-8234-123456789abc`;
  const renderer = new LineRenderer("sensors", registry, "amrc");
  const render = (rows: readonly [string, SampleValue, ValueType?][]): string[] => {
    const batch = new SampleBatch(rows.length);
    for (const [metric, value, type = ValueType.UUID] of rows) {
      const { id } = registry.intern({ source: "G/N", device: "D", metric });
      batch.addValue(id, type, value, 1_700_000_000_000);
    }
    return linesOf(renderer, batch, registry).map((line) => line.split(" ")[0]!);
  };
  const value: [string, SampleValue, ValueType] = ["Axes/1/Position", 1.5, ValueType.Double];
  assert.deepEqual(render([value]), ["Position:d,device=D,group=G,node=N,path=Axes/1"]);
  // The values come before the names, as they may in a birth; no text that is not a UUID is believed.
  const [position, other] = render([
    value,
    ["Axes/10/Position", 2.5, ValueType.Double],
    ["Instance_UUID", uuid(1)],
    ["Schema_UUID", uuid(2)],
    ["Axes/1/Instance_UUID", uuid(3)],
    ["Axes/1/Schema_UUID", uuid(4)],
    ["Axes/Instance_UUID", "none", ValueType.String],
  ]);
  const own = `bottomLevelInstance=${uuid(3)},bottomLevelSchema=${uuid(4)}`;
  const uses = `usesInstances=${uuid(1)}:${uuid(3)},usesSchemas=${uuid(2)}:${uuid(4)}`;
  const top = `topLevelInstance=${uuid(1)},topLevelSchema=${uuid(2)}`;
  assert.equal(position, `Position:d,${own},device=D,group=G,node=N,path=Axes/1,${top},${uses}`);
  const alone = `usesInstances=${uuid(1)},usesSchemas=${uuid(2)}`;
  assert.equal(other, `Position:d,device=D,group=G,node=N,path=Axes/10,${top},${alone}`);
  assert.equal(render([value])[0], position);
});

test("what a typed field or a name cannot hold is refused point by point", () => {
  const registry = new SignalRegistry();
  const batch = new SampleBatch(8);
  const add = (measurement: string, field: string, type: number, value: SampleValue): void => {
    batch.addValue(registry.intern(pointIdentity(measurement, { a: "b" }, field)).id, type, value, 0);
  };
  add("m", "u", ValueType.UInt64, 2n ** 63n);
  add("m", "u", ValueType.UInt64, 2n ** 63n - 1n);
  add("m", "time", ValueType.Double, 1);
  add("#m", "v", ValueType.Double, 1);
  add("m", "a\nb", ValueType.Double, 1);
  add("m", "empty", ValueType.String, "");
  const { bytes, faults, lineOf } = new LineRenderer("s", registry).render(takeIn(batch, registry).points, () => false);
  assert.deepEqual(
    faults.map(({ index }) => index),
    [0, 2, 3, 4],
  );
  assert.match(faults.map(({ reason }) => reason).join(), /beyond 2\^63-1.*time.*comment.*control character/s);
  assert.equal(bytes.toString(), 'm,a=b u=9223372036854775807i,empty="" 0\n');
  assert.deepEqual([...lineOf], [-1, 0, -1, -1, -1, 0]);
  assert.throws(() => pointIdentity("", {}, "v"), { code: "sample.invalid", field: "measurement" });
  assert.throws(() => pointIdentity("m", {}, ""), { code: "sample.invalid", field: "fields" });
  assert.throws(() => pointIdentity("m", { "": "x" }, "v"), { code: "sample.invalid", field: "tags" });
});

test("a point's signal gives back measurement, tags and field, whatever they hold", () => {
  const odd = { "a=b": "{c},d", "é\\": 'x "y" /z', plain: "1" };
  const identity = pointIdentity("m/1", odd, "f,=");
  assert.deepEqual(pointOf(identity), {
    measurement: "m/1",
    tags: Object.entries(odd).sort(([a], [b]) => (a < b ? -1 : 1)),
    field: "f,=",
  });
  assert.deepEqual(pointOf(pointIdentity("m", {}, "v")), { measurement: "m", tags: [], field: "v" });
  for (const device of ["Press", "{Press}", "{a=}", "{=b}", "{a=b", "{a=b,}", "{a=b=c}"]) {
    assert.equal(pointOf({ source: "s", device, metric: "m" }), undefined, device);
  }
});

test("numbers are written as JavaScript writes them", () => {
  const out = new Uint8Array(64);
  const textOf = (value: number): string => Buffer.from(out.subarray(0, putNumber(out, 0, value))).toString();
  const special = [0, -0, 1, -1, 9, 10, 99, 100, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 0.1, -0.1, 0.000001, 1e-7, 1e21];
  const more = [5e-324, Number.MAX_VALUE, 123456.7, 21474836.47, 21474836.48, 0.30000000000000004, 1 / 3, 4.35, 1.005];
  for (const value of [...special, ...more]) assert.equal(textOf(value), String(value));
  const random = seededRandom(20260115);
  for (let i = 0; i < 200_000; i++) {
    const scale = 10 ** Math.floor(random() * 9);
    const value = (Math.round((random() - 0.5) * 1e9) / scale) * (random() < 0.1 ? random() : 1);
    assert.equal(textOf(value), String(value));
  }
});
