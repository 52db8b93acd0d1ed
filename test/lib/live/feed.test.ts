import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, LiveFeed, packHistory, unpackHistory } from "../../../lib/live/index.ts";
import { batchFromPlain, signals } from "../../../lib/sample/index.ts";
import { until } from "../../support/until.ts";

function openFeed() {
  const feed = new LiveFeed({
    health: () => [{ kind: "k", name: "n", status: "up", mode: "embedded", detail: "", counters: {}, gauges: {} }],
  });
  const answers: Answer[] = [];
  let ready = true;
  const client = { send: (answer: Answer) => void answers.push(answer), ready: () => ready };
  return {
    feed,
    client,
    answers,
    congest: (now: boolean) => void (ready = !now),
    of: <K extends Answer["kind"]>(kind: K) =>
      answers.filter((answer): answer is Extract<Answer, { kind: K }> => answer.kind === kind),
  };
}

const sample = (name: string, value: unknown, timestamp = Date.now()) => batchFromPlain([{ name, value, timestamp }]);
const idOf = (path: string): number => signals.find(path)!.id;

test("a browser gets the directory, what it watches, and only that", async (t) => {
  const { feed, client, of } = openFeed();
  t.after(() => feed.close());
  feed.samples(sample("Live/M1/Temp", 20));
  feed.samples(sample("Live/M1/Name", "press"));
  await feed.ask("a", client, { kind: "directory" });
  const [directory] = of("directory");
  assert.deepEqual(
    directory!.signals.map(({ metric, numeric }) => [metric, numeric]),
    [
      ["Temp", true],
      ["Name", false],
    ],
  );
  await feed.ask("a", client, { kind: "watch", ids: [idOf("Live/M1/Temp")] });
  assert.deepEqual(of("values")[0]!.values, [20]);
  feed.samples(sample("Live/M1/Temp", 21));
  feed.samples(sample("Live/M1/Name", "mill"));
  await until("the change", () => of("values").length === 2);
  assert.deepEqual(of("values")[1]!.values, [21]);
  feed.samples(sample("Live/M2/New", 1));
  await until("the news of a grown directory", () => of("changed").length === 1);
});

test("a browser that does not keep up gets the newest value only, when it is ready again", async (t) => {
  const { feed, client, of, congest } = openFeed();
  t.after(() => feed.close());
  feed.samples(sample("Live/Slow/V", 0));
  await feed.ask("a", client, { kind: "watch", ids: [idOf("Live/Slow/V")] });
  congest(true);
  for (let i = 1; i <= 500; i++) feed.samples(sample("Live/Slow/V", i, Date.now() + i));
  await new Promise((resolve) => setTimeout(resolve, 350));
  assert.equal(of("values").length, 1);
  congest(false);
  await until("the newest", () => of("values").length === 2);
  assert.deepEqual(of("values")[1]!.values, [500]);
});

test("late history does not displace the present", async (t) => {
  const { feed, client, of } = openFeed();
  t.after(() => feed.close());
  const now = Date.now();
  feed.samples(sample("Live/Late/V", "now", now));
  feed.samples(sample("Live/Late/V", "before", now - 60_000));
  await feed.ask("a", client, { kind: "watch", ids: [idOf("Live/Late/V")] });
  assert.deepEqual(of("values")[0]!.values, ["now"]);
});

test("hostile questions are no answers and no errors", async (t) => {
  const { feed, client, answers } = openFeed();
  t.after(() => feed.close());
  const questions: unknown[] = [null, 5, "x", {}, { kind: "watch" }, { kind: "watch", ids: "all" }, { kind: "rm -rf" }];
  for (const question of questions) await feed.ask("a", client, question);
  await feed.ask("a", client, { kind: "watch", ids: [-1, 1e9, Number.NaN, "7", null] });
  assert.deepEqual(
    answers.filter(({ kind }) => kind !== "values"),
    [],
  );
  await feed.ask("a", client, { kind: "history", request: 1, ids: null, from: 0, to: 1, points: Number.NaN });
  const [history] = answers.filter(({ kind }) => kind === "history");
  assert.equal(history?.kind, "history");
  feed.leave("a");
  assert.equal(feed.clients, 0);
});

test("history travels as one block of doubles, wherever the socket puts it", () => {
  const series = [
    { id: 3, time: Float64Array.of(1, 2, 3), value: Float64Array.of(10, Number.NaN, 30) },
    { id: 9, time: new Float64Array(0), value: new Float64Array(0) },
    { id: 4, time: Float64Array.of(5), value: Float64Array.of(50) },
  ];
  const { lines, lanes } = packHistory(series);
  const shifted = new Uint8Array(lanes.length + 3);
  shifted.set(lanes, 3);
  const exact = lanes.slice().buffer;
  for (const carried of [lanes, shifted.subarray(3), exact]) {
    const found = unpackHistory(lines, carried);
    assert.deepEqual([...found.keys()], [3, 9, 4]);
    for (const { id, time, value } of series) assert.deepEqual(found.get(id), { time, value });
  }
});

test("the worse of what host and gateway say of a device is shown, with its reason", async (t) => {
  const { feed, client, of } = openFeed();
  t.after(() => feed.close());
  feed.samples(sample("States/N/M1/Temp", 20));
  feed.deviceStatus({ device: "M1", state: "stale", reason: "no value for 60 s", at: 1 });
  await feed.ask("a", client, { kind: "directory" });
  const told = () => {
    const { states, reasons } = of("devices").at(-1)!;
    return [states["States/N/M1"], reasons["States/N/M1"]];
  };
  assert.deepEqual(told(), ["stale", "no value for 60 s"], "before any birth");
  feed.device("States/N/M1", "online");
  assert.deepEqual(told(), ["stale", "no value for 60 s"]);
  feed.deviceStatus({ device: "M1", state: "error", reason: "BadSensorFailure", at: 2 });
  assert.deepEqual(told(), ["error", "BadSensorFailure"]);
  feed.deviceStatus({ device: "M1", state: "online", reason: "", at: 3 });
  assert.deepEqual(told(), ["online", ""]);
  feed.device("States/N/M1", "offline", "node death");
  assert.deepEqual(told(), ["offline", "node death"]);
  const before = of("devices").length;
  feed.deviceStatus({ device: "Other", state: "offline", reason: "", at: 4 });
  assert.equal(of("devices").length, before, "a device that no screen has");
});
