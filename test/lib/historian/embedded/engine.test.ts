import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { decodeColumn, encodeColumn } from "../../../../lib/historian/embedded/codec.ts";
import { Column } from "../../../../lib/historian/embedded/column.ts";
import { Engine } from "../../../../lib/historian/embedded/engine.ts";
import { openFile } from "../../../../lib/historian/embedded/files.ts";
import { readSeries } from "../../../../lib/historian/embedded/reader.ts";
import { takeIn } from "../../../../lib/historian/points.ts";
import { checkQuery } from "../../../../lib/historian/query.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { seededRandom } from "../../../support/random.ts";

const TINY = { heads: 3, headSamples: 5000, journalSamples: 3000 };

function columnOf(values: readonly number[], step = 1000): Column {
  const column = new Column();
  const word = new Uint32Array(2);
  const double = new Float64Array(word.buffer);
  values.forEach((value, i) => {
    double[0] = value;
    column.put(1.7e12 + i * step, 0, 0, ValueType.Double, word[0]!, word[1]!, undefined);
  });
  return column;
}

test("a chunk gives back every bit", () => {
  const random = seededRandom(7);
  const lists: number[][] = [
    [],
    [0],
    [-0, 0, 1, -1],
    Array.from({ length: 1000 }, () => Math.round(random() * 10_000) / 100),
    Array.from({ length: 1000 }, () => random() * 10 ** (random() * 40 - 20)),
    Array.from({ length: 1000 }, () => Math.fround(random() * 100)),
    [5e-324, Number.MAX_VALUE, Number.MIN_SAFE_INTEGER, 2 ** 51, 2 ** 53, 0.1 + 0.2, 1e-7],
    [100, 0.000001, 123456789.123456],
  ];
  for (const list of lists) {
    const column = columnOf(list);
    const back = decodeColumn(encodeColumn(column));
    assert.equal(back.length, list.length);
    assert.deepEqual(back.bits.slice(0, list.length * 2), column.bits.slice(0, list.length * 2));
    assert.deepEqual(back.ms.slice(0, list.length), column.ms.slice(0, list.length));
  }
  const plain = encodeColumn(columnOf(lists[3]!));
  assert.ok(plain.length < 3000, `${plain.length} bytes for 1000 values of two decimals`);
});

test("a damaged chunk is an error, never a crash or a hang", () => {
  const random = seededRandom(11);
  const blob = encodeColumn(columnOf(Array.from({ length: 300 }, (_, i) => Math.sin(i))));
  for (let round = 0; round < 500; round++) {
    const bad = blob.slice(0, round % 2 === 0 ? blob.length : Math.floor(random() * blob.length));
    if (bad.length > 0) bad[Math.floor(random() * bad.length)]! ^= 1 << Math.floor(random() * 8);
    try {
      assert.ok(decodeColumn(bad).length <= 1_000_000);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "historian.io");
    }
  }
});

/** An engine beside a plain map of what it must hold. */
class Oracle {
  readonly registry = new SignalRegistry();
  readonly held = new Map<string, Map<number, number | string | null>>();
  readonly directory: string;
  engine!: Engine;

  constructor(t: TestContext) {
    this.directory = temporaryFolder(t);
  }

  async open(): Promise<void> {
    this.engine = new Engine(await openFile(this.directory), TINY);
  }

  write(rows: readonly [name: string, time: number, value: number | string | null][]): void {
    const batch = new SampleBatch(rows.length);
    for (const [metric, time, value] of rows) {
      const { id, path } = this.registry.intern({ source: "p", device: "m", metric });
      batch.addValue(id, typeof value === "string" ? ValueType.String : ValueType.Double, value, time);
      let series = this.held.get(path);
      if (series === undefined) this.held.set(path, (series = new Map()));
      series.set(time, value);
    }
    const { points } = takeIn(batch, this.registry);
    const series = rows.map((_, i) => this.engine.seriesOf(this.registry.get(points.signal[i]!).path, "", ""));
    this.engine.commit([{ points, series }]);
    if (this.engine.due) this.engine.maintain();
  }

  check(from: number, to: number, limit?: number): void {
    for (const [path, expected] of this.held) {
      let wanted = [...expected].filter(([time]) => time >= from && time < to).sort((a, b) => a[0] - b[0]);
      if (limit !== undefined) wanted = wanted.slice(-limit);
      const query = checkQuery({ signals: [path], from, to, ...(limit === undefined ? {} : { limit }) });
      const series = readSeries(this.engine, this.engine.series.get(path)!, query);
      const got = Array.from(series?.time ?? [], (time, i) => {
        const value = series!.value[i]!;
        return [time, Number.isNaN(value) ? (series!.text?.[i] ?? null) : value];
      });
      assert.deepEqual(got, wanted, path);
      const windows = checkQuery({ signals: [path], from, to, aggregate: "sum", windowMs: 5000 });
      const sums = readSeries(this.engine, this.engine.series.get(path)!, windows);
      if (limit === undefined) {
        const all = wanted.reduce((sum, [, value]) => sum + (typeof value === "number" ? value : 0), 0);
        assert.equal(sums?.value.reduce((sum, value) => sum + value, 0) ?? 0, all);
      }
    }
  }
}

test("late, doubled and mixed samples in any order end where a plain map has them, over restarts and crashes", async (t) => {
  const random = seededRandom(3);
  const oracle = new Oracle(t);
  await oracle.open();
  let clock = 0;
  for (let round = 0; round < 60; round++) {
    const rows = Array.from({ length: 400 }, (): [string, number, number | string | null] => {
      const kind = random();
      const time = kind < 0.8 ? clock++ : Math.floor(random() * (clock + 1));
      const value = kind < 0.05 ? null : kind < 0.1 ? `text ${time}` : Math.round(random() * 1000);
      return [`s${Math.floor(random() * 5)}`, time, value];
    });
    oracle.write(rows);
    if (round % 10 === 4) oracle.check(clock / 4, clock / 2);
    if (round % 20 === 9) {
      oracle.engine.close();
      await oracle.open();
    }
  }
  oracle.check(0, clock + 1);
  oracle.check(0, clock + 1, 1500);
  oracle.engine.close();
  await oracle.open();
  oracle.check(0, clock + 1);
  oracle.engine.close();
});

test("a year sent backwards is in order", async (t) => {
  const oracle = new Oracle(t);
  await oracle.open();
  for (let from = 6000; from > 0; from -= 500) {
    oracle.write(Array.from({ length: 500 }, (_, i): [string, number, number] => ["back", (from - i) * 60_000, i]));
  }
  oracle.check(0, 4e8);
  oracle.engine.close();
});

test("what is older than the retention goes, the rest stays", async (t) => {
  const oracle = new Oracle(t);
  await oracle.open();
  oracle.write(Array.from({ length: 5000 }, (_, i): [string, number, number] => ["old", i * 1000, i]));
  assert.equal(oracle.engine.expire(3_000_000), false);
  const query = checkQuery({ signals: ["p/m/old"], from: 0, to: 1e9 });
  const series = readSeries(oracle.engine, oracle.engine.series.get("p/m/old")!, query);
  assert.equal(series!.time.at(-1), 4_999_000);
  assert.ok(series!.time[0]! <= 3_000_000 && series!.time[0]! > 1_500_000);
  oracle.engine.close();
});

test("with one day kept, a sample of 25 hours ago is gone and one of 23 hours ago is there", async (t) => {
  const oracle = new Oracle(t);
  await oracle.open();
  const hour = 3_600_000;
  const now = 1_000_000 * hour;
  oracle.write([
    ["day", now - 25 * hour, 1],
    ["day", now - 23 * hour, 2],
  ]);
  const query = checkQuery({ signals: ["p/m/day"], from: 0, to: now + hour });
  const read = () => [...readSeries(oracle.engine, oracle.engine.series.get("p/m/day")!, query)!.value];
  assert.deepEqual(read(), [1, 2]);
  oracle.engine.retain([], now - 24 * hour);
  assert.deepEqual(read(), [2]);
  oracle.engine.close();
});

test("a folder has one owner", async (t) => {
  const oracle = new Oracle(t);
  await oracle.open();
  await assert.rejects(openFile(oracle.directory), { code: "historian.io", field: "directory" });
  oracle.engine.close();
});
