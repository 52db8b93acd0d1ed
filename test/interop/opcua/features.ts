import assert from "node:assert/strict";
import {
  callMethod,
  commandCondition,
  type Endpoint,
  EventMonitor,
  type EventMonitorOptions,
  type HistoryQuestion,
  methodArguments,
  Monitor,
  type PlainEvent,
  Poller,
  readHistory,
  type Tag,
  Writer,
} from "../../../lib/opcua/index.ts";
import { plainSamples, type PlainSample, type SampleBatch } from "../../../lib/sample/index.ts";
import { until } from "../../support/until.ts";
import type { ForeignServer } from "./servers.ts";

/** What a feature is shown with. */
export interface Rig {
  readonly server: ForeignServer;
  readonly endpoint: Endpoint;
  /** A second endpoint, over Basic256Sha256 with signing and encryption. */
  secured(): Promise<Endpoint>;
  /** All that the server has, by name. */
  readonly tags: ReadonlyMap<string, Tag>;
  /** Breaks the link for a while. */
  breakLink(): Promise<void>;
}

/** What is shown of every server, in the order of the table's rows. */
export const FEATURES = {
  "connect without security": async ({ endpoint }: Rig) => assert.equal(endpoint.state, "up"),
  "sign and encrypt": async (rig: Rig) => assert.equal((await rig.secured()).state, "up"),
  browse: async ({ tags }: Rig) => {
    for (const metric of ["Level", "Steps", "Burner", "Fuel", "Curve", "Setpoint"])
      assert.ok(tags.has(`Boiler7/${metric}`), metric);
  },
  "scalars, Int64 exact": async (rig: Rig) => {
    await write(rig, "Target", "9007199254740993");
    const read = await readOnce(rig, "Burner", "Fuel", "Steps", "Target");
    assert.deepEqual([read.get("Burner")?.value, read.get("Fuel")?.value], [true, "gas"]);
    assert.equal(read.get("Target")?.value, 9_007_199_254_740_993n);
    assert.equal(read.get("Steps")?.type, "Int64");
    assert.ok(Math.abs(Date.now() - (read.get("Steps")?.timestamp ?? 0)) < 60_000);
  },
  arrays: async (rig: Rig) => {
    assert.deepEqual((await readOnce(rig, "Curve")).get("Curve")?.value, [1, 2.5, 4]);
  },
  enumerations: async (rig: Rig) => {
    const { value } = (await readOnce(rig, "Mode")).get("Mode")!;
    assert.ok(["Cold", "Heating", "Steaming"].includes(String(value)), String(value));
    assert.equal(await write(rig, "ModeWanted", "Steaming"), "Good");
    assert.match(await write(rig, "ModeWanted", "Freezing"), /is none of Cold, Heating, Steaming/);
  },
  structures: async (rig: Rig) => {
    const { metric, value } = rig.server.structure;
    assert.equal(await write(rig, metric, value), "Good");
    const read = (await readOnce(rig, metric)).get(metric)!;
    const fields = JSON.parse(String(read.value)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(fields), Object.keys(value));
    assert.match(await write(rig, metric, { ...value, Colour: 1 }), /has no field Colour/);
  },
  subscribe: async (rig: Rig) => {
    const seen = await subscribe(rig, "Level", {}, 5);
    assert.ok(new Set(seen).size >= 4);
  },
  deadband: async (rig: Rig) => {
    const seen = await subscribe(rig, "Level", { deadband: 2.5 }, 4);
    for (let i = 1; i < seen.length; i++) assert.ok(Math.abs(seen[i]! - seen[i - 1]!) > 2.5, seen.join(" "));
  },
  "a filter it refuses is left out": async ({ endpoint, tags }: Rig) => {
    const notices: string[] = [];
    const values: unknown[] = [];
    const monitor = new Monitor(endpoint, [{ ...tags.get("Boiler7/Fuel")!, deadband: 1 }], {
      publishingMs: 100,
      samplingMs: 50,
      queueSize: 10,
      enumTexts: false,
      onBatch: (batch) => values.push(...plainSamples(batch).map(({ value }) => value)),
      onNotice: (text) => notices.push(text),
    });
    const stop = endpoint.use(monitor);
    try {
      await until("its value", () => values.length > 0 && notices.length > 0);
      assert.equal(values[0], "gas");
      assert.match(notices.join(), /without the filter of 1 tag/);
    } finally {
      stop();
      await monitor.close();
    }
  },
  "a lost link": async (rig: Rig) => {
    const steps = await subscribe(rig, "Steps", { queueSize: 100 }, 30, () => rig.breakLink());
    assert.deepEqual(
      steps,
      steps.map((_, i) => steps[0]! + i),
    );
  },
  "write with coercion": async (rig: Rig) => {
    assert.equal(await write(rig, "Setpoint", "21.5"), "Good");
    assert.equal((await readOnce(rig, "Setpoint")).get("Setpoint")?.value, 21.5);
    assert.match(await write(rig, "Small", 70_000), /is no Int16/);
    assert.match(await write(rig, "Weights", 3), /takes an array/);
    assert.match(await write(rig, "Fuel", "coal"), /^Bad(NotWritable|UserAccessDenied)$/);
  },
  "write a part of an array": async (rig: Rig) => {
    assert.equal(await write(rig, "Weights", [1, 2, 3]), "Good");
    assert.equal(await write(rig, "Weights", [8, 9], "1:2"), "Good");
    assert.deepEqual((await readOnce(rig, "Weights")).get("Weights")?.value, [1, 8, 9]);
  },
  "call a method": async ({ endpoint, tags }: Rig) => {
    const sibling = tags.get("Boiler7/Setpoint")!.nodeId;
    const target = { object: sibling.replace("Setpoint", "Boiler7"), method: sibling.replace("Setpoint", "Multiply") };
    const { inputs } = await methodArguments(endpoint, target);
    assert.deepEqual(
      inputs.map(({ name, type }) => [name, type]),
      [
        ["factor", "Double"],
        ["times", "Int64"],
      ],
    );
    const { outputs } = await callMethod(endpoint, target, { factor: 2.5, times: "3" });
    assert.deepEqual({ ...outputs }, { product: 7.5, several: true });
  },
  "history, raw": async (rig: Rig) => {
    const [from, to] = [Date.now() - 3_600_000, Date.now()];
    const whole = await history(rig, { kind: "raw", from, to });
    const paged = await history(rig, { kind: "raw", from, to }, 3);
    assert.ok(whole.length >= 4);
    assert.deepEqual(paged, whole);
    assert.deepEqual(await history(rig, { kind: "raw", from, to, limit: 2 }), whole.slice(0, 2));
  },
  aggregates: async (rig: Rig) => {
    const [from, to] = [Date.now() - 2000, Date.now()];
    const [highest] = await history(rig, { kind: "processed", from, to, aggregate: "Maximum", everyMs: 0 });
    const raw = await history(rig, { kind: "raw", from, to });
    assert.equal(highest?.value, Math.max(...raw.map(({ value }) => Number(value))));
  },
  events: async (rig: Rig) => {
    const seen = await watchEvents(rig.endpoint, { minSeverity: 200 });
    const { events, notices } = seen;
    await until("two events", () => events.length >= 2);
    await seen.close();
    const counts = events
      .filter(({ message }) => message.startsWith("count "))
      .map(({ message }) => Number(message.slice(6)));
    assert.ok(counts.length >= 2);
    assert.deepEqual(
      counts,
      counts.map((_, i) => counts[0]! + 5 * i),
    );
    assert.ok(events.every(({ time, eventId }) => Math.abs(Date.now() - time) < 60_000 && eventId !== ""));
    assert.deepEqual(notices, []);
  },
  alarms: async (rig: Rig) => {
    const seen = await watchEvents(rig.endpoint, { eventType: "i=2915" });
    await until("an alarm", () => seen.conditions().some(({ acked }) => acked === false));
    const alarm = seen.conditions().find(({ acked }) => acked === false)!;
    const command = { conditionId: alarm.conditionId!, eventId: alarm.eventId, comment: "seen" };
    assert.equal(await commandCondition(rig.endpoint, { ...command, action: "acknowledge" }), "Good");
    await until("its acknowledgement", () => seen.events.some(({ comment }) => comment === "seen"));
    await seen.close();
  },
} as const satisfies Record<string, (rig: Rig) => Promise<void>>;

/** The name of a row. */
export type Feature = keyof typeof FEATURES;

async function write({ endpoint }: Rig, metric: string, value: unknown, range?: string): Promise<string> {
  const request = { target: `Boiler7/${metric}`, value, ...(range === undefined ? {} : { range }) };
  return (await new Writer(endpoint).write([request]))[0]!.status;
}

/** One round of reading, by the name of the metric. */
async function readOnce({ endpoint, tags }: Rig, ...metrics: string[]): Promise<Map<string, PlainSample>> {
  const read = new Map<string, PlainSample>();
  const wanted = metrics.map((metric) => tags.get(`Boiler7/${metric}`)!);
  const poller = new Poller(endpoint, wanted, {
    everyMs: 60_000,
    enumTexts: true,
    onBatch: (batch: SampleBatch) => {
      for (const sample of plainSamples(batch)) read.set(sample.name.split("/").at(-1)!, sample);
    },
  });
  const stop = endpoint.use(poller);
  await until(metrics.join(", "), () => read.size === metrics.length);
  stop();
  await poller.close();
  return read;
}

/** So many values of one subscribed variable; `meanwhile` runs after the third. */
async function subscribe(
  { endpoint, tags }: Rig,
  metric: string,
  settings: Partial<Tag>,
  amount: number,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<number[]> {
  const seen: number[] = [];
  const monitor = new Monitor(endpoint, [{ ...tags.get(`Boiler7/${metric}`)!, ...settings }], {
    publishingMs: 100,
    samplingMs: 50,
    queueSize: 100,
    enumTexts: false,
    onBatch: (batch) => seen.push(...plainSamples(batch).map(({ value }) => Number(value))),
  });
  const stop = endpoint.use(monitor);
  try {
    await until("values", () => seen.length >= 3);
    await meanwhile();
    await until(`${amount} values`, () => seen.length >= amount);
  } finally {
    stop();
    await monitor.close();
  }
  return seen.slice(0, amount);
}

async function history({ endpoint }: Rig, question: HistoryQuestion, pageSize = 1000): Promise<PlainSample[]> {
  const samples: PlainSample[] = [];
  for await (const { batch, failed } of readHistory(endpoint, ["Boiler7/Level"], question, { pageSize })) {
    assert.deepEqual(failed, []);
    samples.push(...plainSamples(batch));
  }
  return samples;
}

interface WatchedEvents {
  readonly events: readonly PlainEvent[];
  readonly notices: readonly string[];
  conditions(): readonly PlainEvent[];
  close(): Promise<void>;
}

async function watchEvents(endpoint: Endpoint, selection: EventMonitorOptions["selection"]): Promise<WatchedEvents> {
  const events: PlainEvent[] = [];
  const notices: string[] = [];
  let conditions: PlainEvent[] = [];
  const monitor = new EventMonitor(endpoint, {
    notifier: "",
    selection,
    fields: [],
    publishingMs: 100,
    queueSize: 100,
    onEvent: (event) => events.push(event),
    onConditions: (list) => (conditions = list),
    onError: (error) => notices.push(String(error)),
    onNotice: (text) => notices.push(text),
  });
  const stop = endpoint.use(monitor);
  return {
    events,
    notices,
    conditions: () => conditions,
    async close() {
      stop();
      await monitor.close();
    },
  };
}
