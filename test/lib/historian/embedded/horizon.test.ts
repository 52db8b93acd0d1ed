import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine } from "../../../../lib/historian/embedded/engine.ts";
import { openFile } from "../../../../lib/historian/embedded/files.ts";
import { pointSource } from "../../../../lib/historian/embedded/point-source.ts";
import { readSeries } from "../../../../lib/historian/embedded/reader.ts";
import { answerInfluxQl } from "../../../../lib/historian/influxql/index.ts";
import { parseRollUps } from "../../../../lib/historian/index.ts";
import { takeIn } from "../../../../lib/historian/points.ts";
import { checkQuery } from "../../../../lib/historian/query.ts";
import type { HistorianQuery } from "../../../../lib/historian/types.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";

const T0 = Date.UTC(2026, 0, 15);
const SIZE = 4000;
/** In the middle of a chunk, so that what is too old is still on the disk, and in the middle of a window. */
const HORIZON = T0 + 1234 * 1000;

/** A falling value a second: what is too old is greater than all that is kept. */
async function engineOf(directory: string, rolled: boolean) {
  const registry = new SignalRegistry();
  const engine = new Engine(await openFile(directory));
  const signal = registry.intern({ source: "p", device: "m", metric: "T" });
  const batch = new SampleBatch(SIZE);
  for (let i = 0; i < SIZE; i++) batch.addValue(signal.id, ValueType.Double, SIZE - i, T0 + i * 1000);
  const { points } = takeIn(batch, registry);
  const series = engine.seriesOf(signal.path, "", "");
  engine.commit([{ points, series: Array.from({ length: SIZE }, () => series) }]);
  engine.maintain(true);
  const rollUps = rolled ? parseRollUps("1m") : [];
  engine.retain(rollUps, Number.NEGATIVE_INFINITY);
  while (engine.rollUps.step(engine, T0 + SIZE * 1000 + 60_000));
  engine.retain(rollUps, HORIZON);
  assert.ok((engine.chunks.range(series.id, T0, HORIZON).at(-1)?.t0 ?? 0) < HORIZON, "some is still there");
  const read = (query: Omit<HistorianQuery, "signals">) =>
    readSeries(engine, series, checkQuery({ ...query, signals: [signal.path] }));
  return { engine, read };
}

test("samples older than what is kept are in no answer, whatever is asked", async (t) => {
  const { engine, read } = await engineOf(temporaryFolder(t), false);
  t.after(() => engine.close());
  const kept = SIZE - 1234;
  const all = { from: T0, to: T0 + SIZE * 1000 };
  assert.equal(read(all)!.time.length, kept);
  assert.equal(read({ ...all, limit: SIZE })!.time.length, kept);
  for (const [aggregate, expected] of [
    ["count", kept],
    ["max", kept],
    ["first", kept],
    ["min", 1],
    ["last", 1],
    ["sum", (kept * (kept + 1)) / 2],
    ["mean", (kept + 1) / 2],
  ] as const) {
    const whole = read({ ...all, aggregate, windowMs: SIZE * 1000 })!;
    assert.equal(whole.value.at(0), expected, aggregate);
    // From statistics of chunks, and from the samples of some of them.
    const parts = read({ ...all, aggregate, windowMs: 10_000 })!;
    assert.equal(parts.time[0], Math.floor(HORIZON / 10_000) * 10_000, aggregate);
    assert.equal(read({ ...all, to: HORIZON, aggregate, windowMs: 10_000 }), undefined, aggregate);
  }
  // A few points of many samples, and as many as there are.
  for (const maxPoints of [10, 1000]) {
    const shown = read({ ...all, maxPoints })!;
    assert.equal(Math.max(...shown.value), kept, `${maxPoints} points`);
    assert.ok(shown.time[0]! >= HORIZON, `${maxPoints} points`);
  }
  const { results } = answerInfluxQl('SELECT count("value"), max("value") FROM sensors', pointSource(engine), T0);
  assert.deepEqual(results[0]?.series?.[0]?.values[0]?.slice(1), [kept, kept]);
});

test("roll-ups answer for what is too old, and samples of that time are not added to them", async (t) => {
  const { engine, read } = await engineOf(temporaryFolder(t), true);
  t.after(() => engine.close());
  const all = { from: T0, to: T0 + SIZE * 1000 };
  const minutes = read({ ...all, aggregate: "count", windowMs: 60_000 })!;
  assert.deepEqual([minutes.value[0], minutes.value[20], minutes.time[0]], [60, 60, T0]);
  // What begins within a window has no roll-up for that part: its samples are too old.
  const later = read({ ...all, from: T0 + 30_000, aggregate: "count", windowMs: 60_000 })!;
  assert.deepEqual([later.time[0], later.value[0]], [T0 + 60_000, 60]);
  const shown = read({ ...all, maxPoints: 10 })!;
  assert.equal(shown.value[0], SIZE, "the maximum of the first window");
  assert.equal(Math.min(...shown.value), 1);
});
