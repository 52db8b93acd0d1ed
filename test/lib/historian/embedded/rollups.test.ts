import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Engine } from "../../../../lib/historian/embedded/engine.ts";
import { openFile } from "../../../../lib/historian/embedded/files.ts";
import { readSeries } from "../../../../lib/historian/embedded/reader.ts";
import { parseRollUps, windowText } from "../../../../lib/historian/index.ts";
import { takeIn } from "../../../../lib/historian/points.ts";
import { checkQuery } from "../../../../lib/historian/query.ts";
import { type HistorianQuery, type HistorianSeries } from "../../../../lib/historian/types.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { seededRandom } from "../../../support/random.ts";

const T0 = Date.UTC(2026, 0, 15);
const HOUR = 3_600_000;
const ROLL_UPS = parseRollUps("1m 90d, 1h");

/** An engine on a folder that a test can close and open again. */
class Rig {
  readonly directory: string;
  readonly registry = new SignalRegistry();
  engine!: Engine;

  constructor(t: TestContext) {
    this.directory = temporaryFolder(t);
  }

  async open(): Promise<void> {
    this.engine = new Engine(await openFile(this.directory));
    this.engine.retain(ROLL_UPS, Number.NEGATIVE_INFINITY);
  }

  write(metric: string, samples: readonly (readonly [time: number, value: number])[]): void {
    const signal = this.registry.intern({ source: "p", device: "m", metric });
    const batch = new SampleBatch(samples.length);
    for (const [time, value] of samples) batch.addValue(signal.id, ValueType.Double, value, time);
    const { points } = takeIn(batch, this.registry);
    const one = this.engine.seriesOf(signal.path, "", "");
    this.engine.commit([{ points, series: samples.map(() => one) }]);
    if (this.engine.due) this.engine.maintain();
  }

  read(metric: string, query: Omit<HistorianQuery, "signals">): HistorianSeries | undefined {
    const path = `p/m/${metric}`;
    return readSeries(this.engine, this.engine.series.get(path)!, checkQuery({ ...query, signals: [path] }));
  }

  /** Makes all roll-ups that a clock at that time allows; how many steps it took. */
  roll(now: number): number {
    let steps = 1;
    while (this.engine.rollUps.step(this.engine, now)) steps++;
    return steps;
  }
}

function assertNear(actual: HistorianSeries | undefined, expected: HistorianSeries | undefined): void {
  assert.deepEqual(actual?.time, expected?.time);
  actual?.value.forEach((value, i) => assert.ok(Math.abs(value - expected!.value[i]!) < 1e-9, `window ${i}`));
}

test("roll-ups answer as the samples did, follow late samples, catch up after a stop, and outlive the samples", async (t) => {
  const random = seededRandom(5);
  const rig = new Rig(t);
  await rig.open();
  const samples = Array.from(
    { length: 12 * 3600 },
    (_, i) => [T0 + i * 1000, Math.round(random() * 1e4) / 100] as const,
  );
  rig.write("A", samples.slice(0, 8 * 3600));
  rig.engine.maintain(true);
  const end = T0 + 12 * HOUR;
  const ask = (aggregate: HistorianQuery["aggregate"], windowMs: number) =>
    rig.read("A", { from: T0, to: end, aggregate, windowMs });
  rig.roll(T0 + 6 * HOUR + 30_000);
  assert.equal(rig.engine.rollUps.fitting(HOUR)?.done, T0 + 6 * HOUR);
  assert.equal(rig.engine.rollUps.fitting(7 * 60_000)?.windowMs, 60_000);
  assert.equal(rig.engine.rollUps.fitting(1500), undefined);

  // A stop of hours, and what came meanwhile.
  rig.engine.close();
  await rig.open();
  rig.write("A", samples.slice(8 * 3600));
  rig.engine.maintain(true);
  rig.roll(end + 60_000);
  const aggregates = ["mean", "min", "max", "first", "last", "count", "sum"] as const;
  const before = aggregates.map((aggregate) => ask(aggregate, HOUR));
  const raw = samples.slice(0, 3600).map(([, value]) => value);
  assert.equal(before[4]!.value[0], raw.at(-1));
  assert.ok(Math.abs(before[0]!.value[0]! - raw.reduce((sum, value) => sum + value, 0) / 3600) < 1e-9);

  // A late sample.
  rig.write("A", [[T0 + 2 * HOUR + 500, 1000]]);
  rig.engine.maintain();
  assert.ok(!rig.engine.isStale);
  const peak = ask("max", HOUR)!;
  assert.equal(peak.value[2], 1000);

  // Twice the same changes nothing.
  rig.engine.rollUps.redo(rig.engine, rig.engine.series.get("p/m/A")!, T0, end);
  assertNear(ask("max", HOUR), peak);

  // Samples older than a day go; the means stay, and a display still shows the peak.
  const means = ask("mean", HOUR);
  const horizon = T0 + 10 * HOUR;
  rig.engine.retain(ROLL_UPS, horizon);
  while (rig.engine.expire(horizon));
  const left = rig.read("A", { from: T0, to: end })!;
  assert.ok(left.time[0]! > T0 + 9 * HOUR, "samples are gone");
  assertNear(ask("mean", HOUR), means);
  const shown = rig.read("A", { from: T0, to: end, maxPoints: 100 })!;
  assert.equal(Math.max(...shown.value), 1000);
  assert.ok(shown.time[0]! < T0 + HOUR && shown.time.length <= 130, `${shown.time.length} points`);

  // A sample from before the horizon must not make a window of it alone.
  rig.write("A", [[T0 + HOUR + 100, -5000]]);
  rig.engine.maintain();
  assertNear(ask("mean", HOUR), means);
  rig.engine.rollUps.expire(T0 + 91 * 24 * HOUR);
  assert.equal(rig.engine.rollUps.finest(1, T0, end)?.windowMs, HOUR);
  rig.engine.close();
});

test("a year comes as some thousand points, with every peak at its own time", async (t) => {
  const rig = new Rig(t);
  await rig.open();
  const step = 60_000;
  const count = 365 * 24 * 60;
  const peaks = new Map([
    [100_003, 999],
    [400_007, -999],
    [count - 1, 777],
  ]);
  for (let from = 0; from < count; from += 20_000) {
    const some = Array.from({ length: Math.min(20_000, count - from) }, (_, k) => {
      const i = from + k;
      return [T0 + i * step, peaks.get(i) ?? Math.round(Math.sin(i / 700) * 1000) / 100] as const;
    });
    rig.write("Y", some);
  }
  const shown = rig.read("Y", { from: T0, to: T0 + count * step, maxPoints: 2000 })!;
  assert.ok(shown.time.length <= 2010 && shown.time.length > 1500, `${shown.time.length} points`);
  for (const [i, value] of peaks) assert.equal(shown.time[shown.value.indexOf(value)], T0 + i * step, `${value}`);
  assert.ok(shown.time.every((time, i) => i === 0 || time > shown.time[i - 1]!));
  rig.engine.close();
});

test("roll-ups as text", () => {
  assert.deepEqual(parseRollUps(" 1h, 5m 30d\n"), [
    { windowMs: 300_000, keepDays: 30 },
    { windowMs: 3_600_000, keepDays: 0 },
  ]);
  assert.deepEqual(parseRollUps(""), []);
  for (const text of ["5", "5x", "0m", "1m 3h"]) assert.throws(() => parseRollUps(text), { code: "config.invalid" });
  assert.deepEqual([1000, 300_000, 3_600_000, 86_400_000, 90_000].map(windowText), ["1s", "5m", "1h", "1d", "90s"]);
});
