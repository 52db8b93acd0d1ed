import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EmbeddedBroker, openLink } from "../../../lib/broker/index.ts";
import { MqttDevices, readingsOf, TopicPattern } from "../../../lib/gateway/index.ts";
import { plainSamples, type PlainSample } from "../../../lib/sample/index.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

describe("topics", () => {
  test("places take their levels", () => {
    const match = (pattern: string, topic: string) => new TopicPattern(pattern).match(topic);
    assert.deepEqual(match("sensors/{device}/{metric}", "sensors/Oven/temp/top"), {
      device: "Oven",
      metric: "temp/top",
    });
    assert.deepEqual(match("{device}/+/{metric}/raw", "A/x/speed/raw"), { device: "A", metric: "speed" });
    assert.deepEqual(match("shop/{device}", "shop/Saw"), { device: "Saw", metric: "" });
    assert.deepEqual(match("shop/{device}/#", "shop/Saw/a/b"), { device: "Saw", metric: "" });
    for (const topic of ["sensors/Oven", "other/Oven/temp", "sensors//temp"]) {
      assert.equal(match("sensors/{device}/{metric}", topic), undefined, topic);
    }
    assert.equal(match("shop/{device}", "shop/Saw/more"), undefined);
    assert.equal(new TopicPattern("a/{device}/+/{metric}").filter, "a/+/+/#");
    for (const wrong of ["", "a/#/b", "a/{device}/{device}", "a/x{device}", "a/b+"]) {
      assert.throws(() => new TopicPattern(wrong), { code: "config.invalid", field: "topic" }, wrong);
    }
  });
});

describe("payloads", () => {
  const read = (text: string) => readingsOf(Buffer.from(text));

  test("values by themselves, with time, by name, nested, and as plain text", () => {
    assert.deepEqual(read("21.5"), [{ path: "", value: 21.5 }]);
    assert.deepEqual(read(" true\n"), [{ path: "", value: true }]);
    assert.deepEqual(read("ON"), [{ path: "", value: "ON" }]);
    assert.deepEqual(read("[1, 2.5]"), [{ path: "", value: Float64Array.of(1, 2.5) }]);
    assert.deepEqual(read('{"value":3,"ts":1700000000,"quality":"BAD","unit":"bar"}'), [
      { path: "", value: 3, timestamp: 1_700_000_000_000, quality: "bad", unit: "bar" },
    ]);
    assert.deepEqual(read('{"time":"2026-11-24T06:00:00Z","a":1,"b":{"c":null,"d":"x"}}'), [
      { path: "a", value: 1, timestamp: Date.UTC(2026, 10, 24, 6) },
      { path: "b/c", value: null, timestamp: Date.UTC(2026, 10, 24, 6) },
      { path: "b/d", value: "x", timestamp: Date.UTC(2026, 10, 24, 6) },
    ]);
    for (const time of [1_700_000_000, 1_700_000_000_000, 1_700_000_000_000_000, 1_700_000_000_000_000_000]) {
      assert.equal(read(`{"value":1,"timestamp":${time}}`)[0]!.timestamp, 1_700_000_000_000, String(time));
    }
  });

  test("hostile payloads are typed errors", () => {
    const deep = `${'{"a":'.repeat(20)}1${"}".repeat(20)}`;
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i])));
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('{"a":'),
      Buffer.of(0xff, 0xfe),
      Buffer.alloc(300_000, 49),
      Buffer.from(deep),
      Buffer.from(wide),
    ]) {
      assert.throws(() => readingsOf(bytes), { code: "sample.invalid" }, bytes.toString("latin1").slice(0, 20));
    }
    assert.deepEqual(
      read('{"__proto__":{"polluted":1}}').map(({ path }) => path),
      ["__proto__/polluted"],
    );
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});

test("messages become samples of devices; what cannot be read is counted and told with its topic", async (t) => {
  const [port] = await freePorts(1);
  const broker = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
  await broker.open();
  const address = { url: `mqtt://127.0.0.1:${port}` };
  const sender = openLink({ address, clientId: "sender" });
  sender.start();
  await until("sender", () => sender.connected);
  await sender.publish("sensors/Saw/Old", "7", { retain: true });
  const seen: PlainSample[] = [];
  const faults: { field?: string }[] = [];
  const devices = new MqttDevices({
    name: "hall",
    address,
    openLink,
    clientId: "devices",
    topic: "sensors/{device}/{metric}",
    device: "",
    qos: 1,
    onBatch: (batch) => seen.push(...plainSamples(batch)),
    onError: (fault) => faults.push(fault as { field?: string }),
  });
  devices.start();
  t.after(async () => {
    await devices.close();
    await sender.end();
    await broker.close();
  });
  await until("the retained one", () => seen.length === 1);
  assert.deepEqual([seen[0]!.name, seen[0]!.value, seen[0]!.quality], ["hall/Saw/Old", 7, "uncertain"]);
  await sender.publish("sensors/Saw/Speed", '{"value":12.5,"unit":"m/s"}');
  await sender.publish("sensors/Saw/State", "running");
  await sender.publish("sensors/Saw", "1");
  await sender.publish("sensors/Saw/Motor", '{"torque":1.5,"on":true}');
  await sender.publish("sensors/Saw/Broken", '{"a":');
  await until("all", () => seen.length === 5 && faults.length === 1);
  assert.deepEqual(
    seen.slice(1).map(({ name, value, unit }) => [name, value, unit]),
    [
      ["hall/Saw/Speed", 12.5, "m/s"],
      ["hall/Saw/State", "running", undefined],
      ["hall/Saw/Motor/torque", 1.5, undefined],
      ["hall/Saw/Motor/on", true, undefined],
    ],
  );
  assert.equal(faults[0]!.field, "sensors/Saw/Broken");
  assert.deepEqual([devices.counters.malformed, devices.counters.unmapped], [1, 1]);
  assert.throws(
    () =>
      new MqttDevices({
        name: "x",
        address,
        openLink,
        clientId: "x",
        topic: "a/{metric}",
        device: "",
        qos: 0,
        onBatch: () => undefined,
      }),
    { code: "config.invalid", field: "device" },
  );
});
