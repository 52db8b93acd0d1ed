import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type Endpoint,
  historyAggregates,
  historyError,
  type HistoryFault,
  type HistoryOptions,
  type HistoryQuestion,
  readHistory,
  type Simulator,
} from "../../../lib/opcua/index.ts";
import { isHistorical, plainSamples, type PlainSample } from "../../../lib/sample/index.ts";
import { until } from "../../support/until.ts";
import { openEndpoint, openSimulator } from "./rig.ts";

const TEMPERATURE = "ns=1;s=Press01.Temperature";
const POWER = "ns=1;s=Press01.Energy.Power";
const PARTS = "ns=1;s=Press01.Production.PartsGood";

async function plantWithHistory(t: TestContext): Promise<{ endpoint: Endpoint; simulator: Simulator; since: number }> {
  const since = Date.now();
  const { url, simulator } = await openSimulator(t, 169, 50);
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  endpoint.names.add([{ device: "Press01", metric: "Temperature", nodeId: TEMPERATURE }]);
  const values = async () =>
    (await ask(endpoint, [TEMPERATURE], { kind: "raw", from: since, to: Date.now() })).samples.length;
  await until("some history", async () => (await values()) >= 40);
  return { endpoint, simulator, since };
}

async function ask(
  endpoint: Endpoint,
  targets: string[],
  question: HistoryQuestion,
  options?: HistoryOptions,
): Promise<{ samples: PlainSample[]; failed: HistoryFault[]; pages: number; complete: boolean[] }> {
  const answer = { samples: [] as PlainSample[], failed: [] as HistoryFault[], pages: 0, complete: [] as boolean[] };
  for await (const page of readHistory(endpoint, targets, question, options)) {
    answer.pages += 1;
    answer.samples.push(...plainSamples(page.batch));
    answer.failed.push(...page.failed);
    answer.complete.push(page.complete);
    for (let i = 0; i < page.batch.length; i++) assert.ok(isHistorical(page.batch, i));
  }
  return answer;
}

test("raw history: whole, in pages, newest first, the last few, with bounds, and many variables in one call", async (t) => {
  const { endpoint, since } = await plantWithHistory(t);
  const to = Date.now() - 100;
  const whole = await ask(endpoint, [TEMPERATURE], { kind: "raw", from: since, to });
  assert.deepEqual([whole.pages, whole.complete, whole.failed], [1, [true], []]);
  assert.ok(whole.samples.every(({ name, quality }) => name === "PLC/Press01/Temperature" && quality === "good"));
  const times = whole.samples.map(({ timestamp }) => timestamp);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok(times.length >= 30 && times.every((time) => time >= since && time <= to));

  const paged = await ask(endpoint, [TEMPERATURE], { kind: "raw", from: since, to }, { pageSize: 7 });
  assert.deepEqual(paged.samples, whole.samples);
  assert.ok(paged.pages >= Math.ceil(times.length / 7));
  assert.equal(paged.complete.filter(Boolean).length, 1);

  const backwards = await ask(endpoint, ["Press01/Temperature"], { kind: "raw", from: to, to: since });
  assert.deepEqual(backwards.samples.toReversed(), whole.samples);
  const newest = await ask(endpoint, [TEMPERATURE], { kind: "raw", to, limit: 3 });
  assert.deepEqual(newest.samples.toReversed(), whole.samples.slice(-3));
  const oldest = await ask(endpoint, [TEMPERATURE], { kind: "raw", from: since, to, limit: 5 }, { pageSize: 2 });
  assert.deepEqual(oldest.samples, whole.samples.slice(0, 5));

  const [from, till] = [times[10]! + 1, times[20]! - 1];
  const within = await ask(endpoint, [TEMPERATURE], { kind: "raw", from, to: till });
  assert.deepEqual(within.samples, whole.samples.slice(11, 20));
  const bounded = await ask(endpoint, [TEMPERATURE], { kind: "raw", from, to: till, bounds: true });
  assert.deepEqual(bounded.samples, whole.samples.slice(10, 21));

  const many = await ask(endpoint, [TEMPERATURE, POWER, PARTS], { kind: "raw", from: since, to }, { pageSize: 30 });
  const names = new Set(many.samples.map(({ name }) => name));
  assert.deepEqual(names, new Set(["PLC/Press01/Temperature", `PLC/${POWER}`, `PLC/${PARTS}`]));
  assert.deepEqual(
    many.samples.filter(({ name }) => name === "PLC/Press01/Temperature"),
    whole.samples,
  );
});

test("aggregates by name as the server lists them, and values at given times", async (t) => {
  const { endpoint, since } = await plantWithHistory(t);
  const offered = await historyAggregates(endpoint);
  for (const name of ["Average", "Minimum", "Maximum", "Count", "Interpolative"])
    assert.ok(offered.includes(name), name);
  const to = Date.now() - 100;
  const from = to - 1500;
  const raw = await ask(endpoint, [TEMPERATURE], { kind: "raw", from, to });
  const one = async (aggregate: string) => {
    const { samples } = await ask(endpoint, [TEMPERATURE], { kind: "processed", from, to, aggregate, everyMs: 0 });
    assert.equal(samples.length, 1, aggregate);
    return Number(samples[0]!.value);
  };
  const values = raw.samples.map(({ value }) => Number(value));
  assert.equal(await one("Minimum"), Math.min(...values));
  assert.equal(await one("maximum"), Math.max(...values));
  assert.ok(Math.abs((await one("Count")) - values.length) <= 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs((await one("Average")) - mean) < 1);
  const windows = await ask(endpoint, [TEMPERATURE, POWER], {
    kind: "processed",
    from,
    to,
    aggregate: "Average",
    everyMs: 500,
  });
  assert.equal(windows.samples.length, 6);

  const [left, right] = [raw.samples[3]!, raw.samples[4]!];
  const middle = (left.timestamp + right.timestamp) / 2;
  const at = await ask(endpoint, [TEMPERATURE], { kind: "at", times: [left.timestamp, middle, since - 60_000] });
  assert.equal(at.samples[0]!.value, left.value);
  assert.ok(Math.abs(Number(at.samples[1]!.value) - (Number(left.value) + Number(right.value)) / 2) < 0.1);
  assert.deepEqual([at.samples[2]!.value, at.samples[2]!.quality], [null, "bad"]);
  await assert.rejects(ask(endpoint, [TEMPERATURE], { kind: "processed", from, to, aggregate: "Mean", everyMs: 0 }), {
    code: "opcua.history",
    field: "aggregate",
    hint: /It has .*Average/,
  });
});

test("an enumeration's history is its texts, or its numbers where they are asked for", async (t) => {
  const { endpoint, since } = await plantWithHistory(t);
  const question: HistoryQuestion = { kind: "raw", from: since, to: Date.now() };
  const texts = await ask(endpoint, ["ns=1;s=Press01.State"], question);
  assert.ok(texts.samples.length > 0);
  for (const { value } of texts.samples) assert.match(String(value), /^(Warming up|Running|Idle)$/);
  const numbers = await ask(endpoint, ["ns=1;s=Press01.State"], question, { enumTexts: false });
  assert.deepEqual(new Set(numbers.samples.map(({ value }) => typeof value)), new Set(["number"]));
});

test("a variable without history is named and the others are read; a question that is none is refused", async (t) => {
  const { endpoint, since } = await plantWithHistory(t);
  const targets = ["ns=1;s=Press01.Load", TEMPERATURE, "ns=1;s=Nowhere", "nsu=urn:nobody;s=X", "Press01/Unheard"];
  const { samples, failed } = await ask(endpoint, targets, { kind: "raw", from: since, to: Date.now() });
  assert.ok(samples.length >= 30);
  assert.deepEqual(
    failed.map(({ target }) => target),
    ["nsu=urn:nobody;s=X", "Press01/Unheard", "ns=1;s=Press01.Load", "ns=1;s=Nowhere"],
  );
  assert.match(historyError(failed).describe(), /opcua\.history: not read: .*no namespace.* and 1 more/);
  assert.match(failed[2]!.reason, /BadHistoryOperationUnsupported: the server keeps no history of it/);
  for (const question of [
    { kind: "raw", from: since },
    { kind: "at", times: [] },
    { kind: "processed", from: since, to: since, aggregate: "Average", everyMs: 0 },
  ] as HistoryQuestion[])
    await assert.rejects(ask(endpoint, [TEMPERATURE], question), { code: "opcua.history" });
  await assert.rejects(ask(endpoint, [], { kind: "raw", from: since, limit: 1 }), { field: "targets" });
});

test("who stops early gives the continuation points back; a session that is lost is said", async (t) => {
  const { endpoint, simulator, since } = await plantWithHistory(t);
  const question: HistoryQuestion = { kind: "raw", from: since, to: Date.now() };
  for (let i = 0; i < 50; i++) {
    for await (const page of readHistory(endpoint, [TEMPERATURE, POWER], question, { pageSize: 4 })) {
      assert.deepEqual([page.complete, page.failed], [false, []]);
      break;
    }
  }
  const pages = readHistory(endpoint, [TEMPERATURE], question, { pageSize: 4 });
  await pages.next();
  await simulator.close();
  await until("the loss", () => endpoint.state === "down");
  await assert.rejects(pages.next(), { code: "opcua.unreachable" });
});
