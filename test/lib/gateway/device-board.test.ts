import assert from "node:assert/strict";
import { test } from "node:test";
import { DeviceBoard, type DeviceStatus, deviceStatusOf, worseOf } from "../../../lib/gateway/index.ts";
import { SampleBatch, signals, Status, ValueType } from "../../../lib/sample/index.ts";

let boards = 0;

function boardOf(more: Partial<ConstructorParameters<typeof DeviceBoard>[0]> = {}) {
  const source = `board${++boards}`;
  const told: string[] = [];
  const board = new DeviceBoard({
    staleMs: 5000,
    needsSiblings: true,
    patienceMs: 1500,
    firstMs: 10_000,
    onChange: (changes) =>
      told.push(
        ...changes.map(({ device, state, reason }) => [device, state, reason].filter((text) => text !== "").join(" ")),
      ),
    ...more,
  });
  const values = (now: number, ...samples: readonly [device: string, metric: string, status?: number][]): void => {
    const batch = new SampleBatch();
    for (const [device, metric, status = 0] of samples)
      batch.addValue(signals.intern({ source, device, metric }).id, ValueType.Double, 1, now, 0, status);
    board.samples(batch, now);
  };
  const said = (): string[] => told.splice(0);
  return { board, values, said };
}

test("a device is online with its first good value, and offline when none comes", () => {
  const { board, values, said } = boardOf();
  board.follow(["A", "B"], 0);
  board.look(500);
  assert.deepEqual(said(), [], "too early to say");
  values(600, ["A", "x"]);
  assert.deepEqual(said(), ["A online"]);
  board.look(9000);
  assert.deepEqual(said(), []);
  board.look(10_000);
  assert.deepEqual(said(), ["B offline no value yet"]);
  values(11_000, ["B", "x"], ["C", "x"]);
  assert.deepEqual(said(), ["B online", "C online"], "one that nobody expected too");
});

test("silent while others speak is stale; silent as all are is not", () => {
  const { board, values, said } = boardOf();
  values(0, ["A", "x"], ["B", "x"]);
  said();
  board.look(20_000);
  assert.deepEqual(said(), []);
  values(21_000, ["B", "x"]);
  board.look(21_500);
  board.look(30_000);
  assert.deepEqual(said(), ["A stale no value for 22 s"], "once");
  values(31_000, ["A", "x"]);
  assert.deepEqual(said(), ["A online"]);
  const alone = boardOf({ needsSiblings: false });
  alone.values(0, ["A", "x"]);
  alone.said();
  alone.board.look(6000);
  assert.deepEqual(alone.said(), ["A stale no value for 6 s"]);
  const never = boardOf({ staleMs: 0, needsSiblings: false });
  never.values(0, ["A", "x"]);
  never.said();
  never.board.look(1e9);
  assert.deepEqual(never.said(), []);
});

test("all values bad is an error with the StatusCode's name; some bad are none", () => {
  const { board, values, said } = boardOf();
  values(0, ["A", "x"], ["A", "y"]);
  said();
  values(1000, ["A", "x", Status.BadSensorFailure]);
  board.look(1100);
  assert.deepEqual(said(), []);
  values(1200, ["A", "y", 0x8005_0000]);
  board.look(1300);
  values(1400, ["A", "y", 0x8005_0000]);
  board.look(1500);
  assert.deepEqual(said(), ["A error BadCommunicationError"]);
  values(1600, ["A", "y"]);
  assert.deepEqual(said(), ["A online"]);
  const first = boardOf();
  first.values(0, ["A", "x", Status.Bad]);
  first.values(10, ["A", "y"]);
  assert.deepEqual(first.said(), ["A online"], "values of a start come one after another");
});

test("a source that is gone takes its devices with it, unless it comes back at once", () => {
  const { board, values, said } = boardOf();
  values(0, ["A", "x"]);
  said();
  board.lost("connection lost", 1000);
  board.look(2000);
  board.found(2100);
  values(2200, ["A", "x"]);
  board.look(5000);
  assert.deepEqual(said(), []);
  board.lost("connection lost", 6000);
  board.lost("connection refused", 7000);
  board.look(7500);
  assert.deepEqual(said(), ["A offline connection refused"]);
  board.found(20_000);
  board.look(20_500);
  assert.deepEqual(said(), [], "a server that is back has not said anything of the device yet");
  values(21_000, ["A", "x"]);
  assert.deepEqual(said(), ["A online"]);
});

test("a device that is followed no more is offline, and what still comes of it is not heard until it is followed again", () => {
  const { board, values, said } = boardOf();
  board.follow(["A", "B", "C"], 0);
  values(100, ["A", "x"], ["B", "x"]);
  said();
  board.follow(["A", "D"], 200);
  assert.deepEqual(said(), ["B offline no longer read"], "of C nothing was ever said");
  values(300, ["B", "x"], ["D", "x"]);
  board.look(1000);
  assert.deepEqual(said(), ["D online"]);
  assert.deepEqual(
    board.statuses().map(({ device }) => device),
    ["A", "D"],
  );
  board.follow(["A", "B"], 1100);
  values(1200, ["B", "x"]);
  assert.deepEqual(said(), ["D offline no longer read", "B online"]);
});

test("a source of which a word is overdue has stale devices, until it speaks", () => {
  const { board, values, said } = boardOf({ staleMs: 60_000 });
  board.follow(["A", "B", "C"], 0);
  values(0, ["A", "x"], ["B", "x"]);
  said();
  board.silent("no word for 6 s");
  board.look(6000);
  board.silent("no word for 7 s");
  board.look(7000);
  assert.deepEqual(said(), ["A stale no word for 6 s", "B stale no word for 6 s"], "once; of C it is too early to say");
  values(8000, ["A", "x"]);
  assert.deepEqual(said(), ["A online"]);
  board.silent(undefined);
  board.look(8500);
  assert.deepEqual(said(), ["B online"]);
});

test("since when: the time of the change, kept while only the reason changes", () => {
  const changes: DeviceStatus[] = [];
  const { board, values } = boardOf({ onChange: (told) => changes.push(...told) });
  values(0, ["A", "x"]);
  board.lost("connection lost", 1000);
  board.look(3000);
  board.lost("connection refused", 4000);
  board.look(5000);
  assert.deepEqual(
    changes.map(({ state, at, reason }) => [state, at, reason]),
    [
      ["online", 0, ""],
      ["offline", 3000, "connection lost"],
      ["offline", 3000, "connection refused"],
    ],
  );
});

test("the worse of two accounts counts; what is no status is none", () => {
  const say = (state: DeviceStatus["state"], reason = ""): DeviceStatus => ({ device: "A", state, reason, at: 1 });
  assert.equal(worseOf(say("error", "x"), say("online")).state, "error");
  assert.equal(worseOf(say("stale"), say("offline")).state, "offline");
  assert.equal(worseOf(say("offline"), say("offline", "gone")).reason, "gone");
  for (const payload of [
    null,
    5,
    "online",
    [],
    {},
    { device: "A", state: "toString" },
    { device: "", state: "online" },
  ])
    assert.equal(deviceStatusOf(payload), undefined);
  assert.deepEqual(deviceStatusOf({ device: "A", state: "stale", at: 5, extra: 1 }), {
    device: "A",
    state: "stale",
    reason: "",
    at: 5,
  });
});
