import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Fill, type HistorianStore, pointIdentity } from "../../../lib/historian/index.ts";
import { SampleBatch, type SampleValue, SignalRegistry, Status, ValueType } from "../../../lib/sample/index.ts";

const T0 = Date.UTC(2026, 0, 15, 12);

/** A sample in a test: path, value, milliseconds after T0, and what differs from a good double. */
export type Row = [
  path: string,
  value: SampleValue,
  after: number,
  more?: { type?: ValueType; ns?: number; status?: number },
];

/** A batch of rows; the path is `source/device/metric`. */
export function batchOf(registry: SignalRegistry, rows: readonly Row[], base = T0): SampleBatch {
  const batch = new SampleBatch(Math.max(1, rows.length));
  for (const [path, value, after, { type = ValueType.Double, ns = 0, status = 0 } = {}] of rows) {
    const [source = "", device = "", ...metric] = path.split("/");
    const signal = registry.intern({
      source,
      device,
      metric: metric.join("/"),
      unit: "Cel",
      hierarchy: ["Acme", "Leeds"],
    });
    batch.addValue(signal.id, type, value, base + after, ns, status);
  }
  return batch;
}

/** What a layout on a server has no place for; everything else is asked of all. */
export interface Abilities {
  /** Status codes, and samples that have nothing else. */
  readonly status: boolean;
  /** The unit, to a process that has not seen the signal's birth. */
  readonly unit: boolean;
  /** A signal that changes between numbers and text. */
  readonly mixedTypes: boolean;
}

const EVERYTHING: Abilities = { status: true, unit: true, mixedTypes: true };

/**
 * What every historian must do, asked of an open one with nothing in it.
 * @param open opens the same store again with a registry of its own, as a restarted process would
 */
export async function historianContract(
  t: TestContext,
  open: (registry: SignalRegistry) => Promise<HistorianStore>,
  abilities = EVERYTHING,
): Promise<void> {
  const registry = new SignalRegistry();
  const store = await open(registry);
  const write = async (rows: readonly Row[]): Promise<void> => {
    const receipt = await store.write(batchOf(registry, rows));
    assert.deepEqual(receipt, { written: rows.length, rejected: [] });
  };
  const one = async (name: string, more: object = {}) => {
    const answer = await store.query({ signals: [name], from: -1e15, to: 1e15, ...more });
    assert.equal(answer.length, 1, `one series for ${name}`);
    return answer[0]!;
  };

  await t.test("gives back numbers, times to the sub-millisecond, and the unit", async () => {
    await write([
      ["p/m1/Temp", 20.25, 0],
      ["p/m1/Temp", -1e-7, 1000, { ns: 500_000 }],
      ["p/m1/Temp", 1e21, 2000],
    ]);
    const series = await one("p/m1/Temp");
    assert.deepEqual([...series.value], [20.25, -1e-7, 1e21]);
    assert.deepEqual([...series.time], [T0, T0 + 1000.5, T0 + 2000]);
    assert.equal(series.unit, "Cel");
    assert.equal(series.text, undefined);
    assert.equal(series.status, undefined);
  });

  await t.test("keeps booleans, 64-bit integers, text, bytes, structures and nulls", async () => {
    await write([
      ["p/m1/Run", true, 0, { type: ValueType.Boolean }],
      ["p/m1/Run", false, 1000, { type: ValueType.Boolean }],
      ["p/m1/Count", 9007199254740993n, 0, { type: ValueType.Int64 }],
      ["p/m1/Count", -5, 1000, { type: ValueType.Int64 }],
      ["p/m1/State", 'a "quoted", \\ text=\n2', 0, { type: ValueType.String }],
      ...(abilities.status
        ? [["p/m1/State", null, 1000, { type: ValueType.String, status: Status.BadNoCommunication }] as Row]
        : []),
      ["p/m1/State", "", 2000, { type: ValueType.String }],
      ["p/m1/Raw", new Uint8Array([1, 2, 3]), 0, { type: ValueType.Bytes }],
      ["p/m1/Shape", { a: [1, 2] }, 0, { type: ValueType.Template }],
    ]);
    assert.deepEqual([...(await one("p/m1/Run")).value], [1, 0]);
    assert.deepEqual([...(await one("p/m1/Count")).value], [9007199254740992, -5]);
    const state = await one("p/m1/State");
    assert.deepEqual(state.text, ['a "quoted", \\ text=\n2', ...(abilities.status ? [null] : []), ""]);
    assert.ok(state.value.every(Number.isNaN));
    if (abilities.status) assert.deepEqual([...(state.status ?? [])], [0, Status.BadNoCommunication, 0]);
    assert.deepEqual((await one("p/m1/Raw")).text, ["AQID"]);
    assert.deepEqual((await one("p/m1/Shape")).text, ['{"a":[1,2]}']);
  });

  await t.test("refuses sample by sample what cannot be stored", async () => {
    const batch = batchOf(registry, [
      ["p/m2/Temp", 1, 0],
      ["p/m2/Temp", Number.NaN, 1000],
      ["p/m2/Temp", Number.POSITIVE_INFINITY, 2000],
      ["p/m2/Temp", 4, 3000],
      ["p/m2/Temp", 5, Number.NaN],
    ]);
    const { written, rejected } = await store.write(batch);
    assert.equal(written, 2);
    assert.deepEqual(
      rejected.map((sample) => [sample.index, sample.path]),
      [
        [1, "p/m2/Temp"],
        [2, "p/m2/Temp"],
        [4, "p/m2/Temp"],
      ],
    );
    assert.match(rejected[0]!.reason, /NaN/);
    assert.deepEqual([...(await one("p/m2/Temp")).value], [1, 4]);
  });

  await t.test("the later write of a time wins, in one batch, another, and out of order", async () => {
    await write([
      ["p/m3/A", 1, 5000],
      ["p/m3/A", 2, 5000],
      ["p/m3/A", 9, 9000],
    ]);
    await write([
      ["p/m3/A", 0, 1000],
      ["p/m3/A", 3, 5000],
      ["p/m3/A", 3, 5000, { ns: 1000 }],
    ]);
    await write([["p/m3/A", 9, 9000]]);
    const series = await one("p/m3/A");
    assert.deepEqual([...series.value], [0, 3, 3, 9]);
    assert.deepEqual(
      [...series.time].map((time) => Math.floor(time - T0)),
      [1000, 5000, 5000, 9000],
    );
  });

  await t.test("keeps names that need escaping", async () => {
    const names = ["p, q/m=1/A b", "p/ü/Druck/°C", 'p/m\'1/"x"', "p/m.1/a+b(c)", "p/m1/back\\slash"];
    await write(names.map((name, i): Row => [name, i, 0]));
    for (const [i, name] of names.entries()) assert.deepEqual([...(await one(name)).value], [i], name);
    assert.equal((await store.query({ signals: ["p/mx1/a+b(c)"], from: T0, to: T0 + 1 })).length, 0);
  });

  await t.test("finds signals by pattern", async () => {
    await write([
      ["site/a/T", 1, 0],
      ["site/a/x/T", 2, 0],
      ["site/b/T", 3, 0],
      ["sites/b/T", 4, 0],
    ]);
    assert.deepEqual(await store.signals("site/*/T"), ["site/a/T", "site/b/T"]);
    assert.deepEqual(await store.signals("site/**"), ["site/a/T", "site/a/x/T", "site/b/T"]);
    assert.deepEqual(await store.signals("site/**/T"), ["site/a/T", "site/a/x/T", "site/b/T"]);
    assert.deepEqual(await store.signals("nothing/*"), []);
    const range = { from: T0, to: T0 + 1 };
    const found = await store.query({ signals: ["site/*/T", "sites/b/T", "none"], ...range });
    assert.deepEqual(
      found.map((series) => [series.path, series.value[0]]),
      [
        ["site/a/T", 1],
        ["site/b/T", 3],
        ["sites/b/T", 4],
      ],
    );
  });

  await t.test("takes from as inclusive, to as exclusive, and the newest under a limit", async () => {
    await write(Array.from({ length: 10 }, (_, i): Row => ["p/m4/N", i, i * 1000]));
    const range = await one("p/m4/N", { from: T0 + 2000, to: T0 + 5000 });
    assert.deepEqual([...range.value], [2, 3, 4]);
    assert.deepEqual([...(await one("p/m4/N", { limit: 3 })).value], [7, 8, 9]);
    assert.deepEqual(await store.query({ signals: ["p/m4/N"], from: T0 + 500, to: T0 + 600 }), []);
    assert.deepEqual(await store.query({ signals: ["p/m4/N"], from: T0 + 1000, to: T0 + 1000 }), []);
  });

  await t.test("aggregates by windows aligned to the epoch", async () => {
    const rows = Array.from({ length: 300 }, (_, i): Row => ["p/m5/S", i % 60, i * 1000]);
    const text: Row = ["p/m5/S", "text between", 90_500, { type: ValueType.String }];
    await write(abilities.mixedTypes ? [...rows, text] : rows);
    const near = { aggregate: "mean", windowMs: 60_000, from: T0 - 1e9, to: T0 + 1e9 };
    const ask = async (aggregate: string, more: object = {}) => one("p/m5/S", { ...near, aggregate, ...more });
    const mean = await ask("mean");
    assert.deepEqual(
      [...mean.time],
      [0, 1, 2, 3, 4].map((i) => T0 + i * 60_000),
    );
    assert.deepEqual([...mean.value], [29.5, 29.5, 29.5, 29.5, 29.5]);
    for (const [aggregate, value] of Object.entries({ min: 0, max: 59, first: 0, last: 59, count: 60, sum: 1770 })) {
      assert.deepEqual([...(await ask(aggregate)).value], Array(5).fill(value), aggregate);
    }
    const cut = await ask("count", { from: T0 + 30_000, to: T0 + 90_000 });
    assert.deepEqual(
      [[...cut.time], [...cut.value]],
      [
        [T0, T0 + 60_000],
        [30, 30],
      ],
    );
  });

  await t.test("fills windows without a number", async () => {
    const minutes = [0, 1, 2, 5, 8];
    await write(minutes.map((minute): Row => ["p/m8/F", minute * 10, minute * 60_000]));
    const ask = async (fill: Fill) => {
      const range = { from: T0 - 60_000, to: T0 + 10 * 60_000, aggregate: "mean", windowMs: 60_000, fill };
      const { time, value } = await one("p/m8/F", range);
      assert.ok(
        time.every((at, i) => i === 0 || at === time[i - 1]! + 60_000),
        "a value a window",
      );
      return [...value];
    };
    const nothing = Number.NaN;
    assert.deepEqual(await ask("null"), [nothing, 0, 10, 20, nothing, nothing, 50, nothing, nothing, 80, nothing]);
    assert.deepEqual(await ask(-1), [-1, 0, 10, 20, -1, -1, 50, -1, -1, 80, -1]);
    assert.deepEqual(await ask("previous"), [nothing, 0, 10, 20, 20, 20, 50, 50, 50, 80, 80]);
    assert.deepEqual(await ask("linear"), [nothing, 0, 10, 20, 30, 40, 50, 60, 70, 80, nothing]);
  });

  await t.test("finds signals by their tags", async () => {
    await write([
      ["tags/press 1/T", 1, 0],
      ["tags/press 2/T", 2, 0],
      ["tags/oven/T", 3, 0],
    ]);
    const ask = async (tags: Record<string, string>): Promise<string[]> =>
      (await store.query({ signals: ["tags/**"], tags, from: T0, to: T0 + 1 })).map(({ path }) => path);
    assert.deepEqual(await ask({ device: "press*" }), ["tags/press 1/T", "tags/press 2/T"]);
    assert.deepEqual(await ask({ device: "oven" }), ["tags/oven/T"]);
    assert.deepEqual(await ask({ device: "press*", source: "other" }), []);
    const [signal] = await store.describe("tags/oven/*");
    const { source, device, metric } = signal!;
    assert.deepEqual([source, device, metric], ["tags", "oven", "T"]);
  });

  await t.test("keeps points with their measurement, tags and fields", async () => {
    const batch = new SampleBatch(8);
    const tags = { location: "line_1", sensor_id: "temp_001" };
    const add = (field: string, type: ValueType, value: SampleValue, after: number, more = tags): void => {
      batch.addValue(registry.intern(pointIdentity("temperature_sensors", more, field)).id, type, value, T0 + after);
    };
    add("temperature", ValueType.Double, 75.5, 0);
    add("humidity", ValueType.Double, 45.2, 0);
    add("status", ValueType.String, "normal", 0);
    add("open", ValueType.Boolean, true, 0);
    add("open", ValueType.Boolean, false, 1000);
    add("temperature", ValueType.Double, 81.2, 1000, { location: "line_2", sensor_id: "temp_002" });
    assert.deepEqual(await store.write(batch), { written: 6, rejected: [] });
    const name = "temperature_sensors/{location=line_1,sensor_id=temp_001}";
    assert.deepEqual([...(await one(`${name}/humidity`)).value], [45.2]);
    assert.deepEqual((await one(`${name}/status`)).text, ["normal"]);
    assert.deepEqual([...(await one(`${name}/open`)).value], [1, 0]);
    const windows = { aggregate: "mean", windowMs: 10_000, from: T0, to: T0 + 10_000 };
    assert.deepEqual([...(await one(`${name}/open`, windows)).value], [0.5]);
    const hot = await store.query({
      signals: ["temperature_sensors/**"],
      tags: { location: "line_2" },
      from: T0,
      to: T0 + 2000,
    });
    assert.deepEqual(
      hot.map(({ path, value }) => [path, value[0]]),
      [["temperature_sensors/{location=line_2,sensor_id=temp_002}/temperature", 81.2]],
    );
    const { results } = await store.influxQl("SELECT temperature FROM temperature_sensors WHERE temperature > 80");
    assert.deepEqual(results[0]?.series?.[0]?.values, [["2026-01-15T12:00:01Z", 81.2]]);
  });

  await t.test("removes a range of all signals, and nothing beside it", async () => {
    const at = (day: number): number => day * 86_400_000 - T0;
    const days = [20_000, 20_001, 20_002, 20_003];
    await write(
      days.flatMap((day): Row[] => [
        ["gone/m/A", day, at(day)],
        ["gone/m/A", day + 0.5, at(day) + 1],
      ]),
    );
    await store.remove({ from: 20_001 * 86_400_000, to: 20_003 * 86_400_000 });
    assert.deepEqual([...(await one("gone/m/A")).value], [20_000, 20_000.5, 20_003, 20_003.5]);
    await write([["gone/m/A", 7, at(20_002)]]);
    assert.deepEqual([...(await one("gone/m/A")).value], [20_000, 20_000.5, 7, 20_003, 20_003.5]);
  });

  await t.test("reduces for a display and keeps the extremes", async () => {
    const rows = Array.from({ length: 2000 }, (_, i): Row => [
      "p/m6/W",
      i === 777 ? 500 : i === 1234 ? -500 : Math.sin(i),
      i * 1000,
    ]);
    await write(rows);
    const series = await one("p/m6/W", { from: T0, to: T0 + 2_000_000, maxPoints: 100 });
    assert.ok(series.value.length <= 110 && series.value.length >= 80, `${series.value.length} points`);
    assert.equal(Math.max(...series.value), 500);
    assert.equal(Math.min(...series.value), -500);
    assert.equal(series.time[series.value.indexOf(500)], T0 + 777_000);
    assert.ok(series.time.every((time, i) => i === 0 || time > series.time[i - 1]!));
  });

  await t.test("names the field of a wrong query", async () => {
    const good = { signals: ["p/**"], from: T0, to: T0 + 1 };
    const cases: [object, string][] = [
      [{ ...good, signals: [] }, "signals"],
      [{ ...good, from: Number.NaN }, "from"],
      [{ ...good, to: T0 - 1 }, "to"],
      [{ ...good, aggregate: "median" }, "aggregate"],
      [{ ...good, aggregate: "mean" }, "windowMs"],
      [{ ...good, limit: 0 }, "limit"],
      [{ ...good, fill: "zero" }, "fill"],
      [{ ...good, tags: { site: 1 } }, "tags"],
    ];
    for (const [query, field] of cases) {
      await assert.rejects(store.query(query as typeof good), { code: "historian.query", field });
    }
  });

  await t.test("knows everything after a restart, from what it stored alone", async () => {
    await store.close();
    await assert.rejects(store.write(batchOf(registry, [["p/m1/Temp", 1, 0]])));
    const fresh = new SignalRegistry();
    const again = await open(fresh);
    const [series] = await again.query({ signals: ["p/m1/Te*"], from: T0, to: T0 + 10_000 });
    assert.deepEqual([...(series?.value ?? [])], [20.25, -1e-7, 1e21]);
    if (abilities.unit) assert.equal(series?.unit, "Cel");
    await again.write(batchOf(fresh, [["p/m1/Temp", 7, 0]]));
    const [after] = await again.query({ signals: ["p/m1/Temp"], from: T0, to: T0 + 1 });
    assert.deepEqual([...(after?.value ?? [])], [7]);
    assert.equal(again.health().status, "up");
    await again.close();
  });
}
