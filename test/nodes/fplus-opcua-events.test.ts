import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { ConditionList, type PlainEvent, Simulator } from "../../lib/opcua/index.ts";
import { processLeases } from "../../lib/plant/index.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import { commandsOf } from "../../nodes/fplus-opcua-events/command.ts";
import events from "../../nodes/fplus-opcua-events/fplus-opcua-events.ts";
import simulator from "../../nodes/fplus-opcua-simulator/fplus-opcua-simulator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, type TestNode, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

const state = (conditionId: string, eventId: string, more: Partial<PlainEvent> = {}): PlainEvent => ({
  eventId,
  eventType: "AlarmConditionType",
  eventTypeId: "i=2915",
  time: Number.parseInt(eventId, 16),
  sourceName: "S",
  severity: 500,
  message: "",
  conditionId,
  retain: true,
  ...more,
});

test("the list of conditions: newest states, branches, a refresh that takes away what is over", () => {
  const list = new ConditionList();
  const ids = (): string[] => list.list().map(({ eventId }) => eventId);
  assert.equal(list.take(state("a", "01")), true);
  assert.equal(list.take(state("b", "02")), true);
  assert.equal(list.take(state("a", "01")), false, "the same again");
  assert.equal(list.take(state("a", "03", { branchId: "old" })), true, "a branch is an entry of its own");
  assert.deepEqual(ids(), ["03", "02", "01"]);
  assert.equal(list.take(state("b", "04")), true);
  assert.equal(list.take(state("b", "02")), false, "an older state does not come back");
  assert.deepEqual(ids(), ["04", "03", "01"]);
  list.beginRefresh();
  list.take(state("b", "04"));
  list.take(state("c", "05"));
  assert.equal(list.endRefresh(), true);
  assert.deepEqual(ids(), ["05", "04"]);
  assert.equal(list.take(state("b", "06", { retain: false })), true);
  assert.equal(list.take({ ...state("b", "07"), conditionId: undefined } as unknown as PlainEvent), false);
  assert.deepEqual(ids(), ["05"]);
});

test("commands name a condition by an event, by an id, or by a list; what is missing comes from its newest state", () => {
  const list = new ConditionList();
  list.take(state("a", "0a"));
  list.take(state("b", "0b"));
  assert.deepEqual(commandsOf({ topic: "acknowledge", payload: "a", comment: "seen" }, list), [
    { action: "acknowledge", conditionId: "a", eventId: "0a", comment: "seen" },
  ]);
  assert.deepEqual(commandsOf({ topic: "timedShelve", payload: { eventId: "0b", seconds: 60 } }, list), [
    { action: "timedShelve", conditionId: "b", eventId: "0b", seconds: 60 },
  ]);
  const events = [state("a", "0a", { comment: "of before" }), state("b", "0b")];
  assert.deepEqual(
    commandsOf({ topic: "confirm", payload: events }, list),
    events.map(({ conditionId, eventId }) => ({ action: "confirm", conditionId, eventId })),
  );
  assert.throws(() => commandsOf({ topic: "delete", payload: "a" }, list), { code: "opcua.condition", field: "topic" });
  assert.throws(() => commandsOf({ topic: "confirm", payload: {} }, new ConditionList()), { code: "opcua.condition" });
});

test("in a flow: an alarm comes out, is in the list, and is acknowledged and confirmed by messages", async (t) => {
  const [opcua] = await freePorts(1);
  const node = await loadFlow(
    temporaryFolder(t),
    [simulator, endpoint, events],
    [
      {
        id: "s",
        type: "fplus-opcua-simulator",
        enabled: "on",
        port: String(opcua),
        tags: "60",
        rateMs: "50",
        seed: "1",
      },
      { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url: `opc.tcp://127.0.0.1:${opcua}/fplus` },
      {
        id: "e",
        type: "fplus-opcua-events",
        endpoint: "p",
        eventType: "i=2915",
        severity: "1",
        sources: "Press01, Mill01",
        fields: [{ name: "quality", path: "/Quality", type: "i=2782" }],
        publishingMs: "50",
        queueSize: "100",
        wires: [["out"], ["list"], ["done"]],
      },
      ...["out", "list", "done"].map((id) => ({ id, type: "helper" })),
    ],
  );
  const heard: Record<string, Record<string, unknown>[]> = { out: [], list: [], done: [] };
  for (const id of ["out", "list", "done"]) node(id).on("input", (msg) => heard[id]!.push(msg));
  const list = (): PlainEvent[] => (heard["list"]!.at(-1)?.["payload"] ?? []) as PlainEvent[];
  await until("the empty list", () => heard["list"]!.length === 1);
  assert.deepEqual([list(), heard["list"]![0]!["count"]], [[], 0]);
  node("s").receive({ topic: "fault", payload: { machine: "Press01", code: 9 } });
  await until("the alarm", () => list().length === 1);
  const { topic, payload, timestamp } = heard["out"]![0]! as { topic: string; payload: PlainEvent; timestamp: number };
  assert.deepEqual(
    [topic, payload.conditionName, payload["quality"], timestamp],
    ["PLC/Press01", "FaultAlarm", "Good", payload.time],
  );
  node("e").receive({ topic: "acknowledge", payload: list(), comment: "on my way" });
  await until("acknowledged", () => list()[0]?.acked === true);
  assert.equal(list()[0]!.comment, "on my way");
  node("s").receive({ topic: "reset", payload: "Press01" });
  await until("inactive", () => list()[0]?.active === false);
  node("e").receive({ topic: "confirm", payload: list()[0]!.conditionId });
  await until("over", () => list().length === 0);
  assert.deepEqual(
    heard["done"]!.map((msg) => msg["payload"]),
    ["acknowledge", "confirm"].map((action) => [
      { action, conditionId: "ns=1;s=Press01.FaultAlarm", ok: true, status: "Good" },
    ]),
  );
  node("e").receive({ topic: "acknowledge", payload: { conditionId: "ns=1;s=Nothing", eventId: "00" } });
  const errors = () => (Object.getPrototypeOf(node("e")) as TestNode).error.args.map(([first]) => String(first));
  await until("the error", () => errors().some((text) => /opcua\.condition: cannot acknowledge/.test(text)));
  await until("its result", () => heard["done"]!.length === 3);
  assert.equal((heard["done"]![2]!["payload"] as { ok: boolean }[])[0]!.ok, false);
});

test("over a redeploy the subscription stays, and the node that comes back hears what came meanwhile", async (t) => {
  const [opcua] = await freePorts(1);
  const server = new Simulator({
    host: "127.0.0.1",
    port: opcua!,
    tags: 60,
    rateMs: 50,
    seed: 1,
    pkiFolder: temporaryFolder(t),
  });
  await server.open();
  t.after(() => server.close());
  const user = temporaryFolder(t);
  const flow = [
    { id: "p2", type: "fplus-opcua-endpoint", name: "PLC", url: `opc.tcp://127.0.0.1:${opcua}/fplus` },
    { id: "e2", type: "fplus-opcua-events", endpoint: "p2", sources: "Press01", publishingMs: "50", wires: [["out2"]] },
    { id: "out2", type: "helper" },
  ];
  const heard: PlainEvent[] = [];
  const deploy = async (): Promise<void> => {
    const node = await loadFlow(user, [endpoint, events], flow);
    node("out2").on("input", (msg) => heard.push(msg["payload"] as PlainEvent));
  };
  const alarms = (): string[] =>
    heard.filter(({ conditionName }) => conditionName === "FaultAlarm").map(({ message }) => message);
  await deploy();
  server.triggerFault("Press01", 1);
  await until("the first", () => alarms().length === 1);
  for (let round = 2; round <= 4; round++) {
    await unloadFlow();
    server.resetFault("Press01");
    await new Promise((resolve) => setTimeout(resolve, 200));
    server.triggerFault("Press01", round);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await deploy();
    await until("what came meanwhile", () => alarms().length === 2 * round - 1);
  }
  assert.deepEqual(alarms(), [
    "Press01 stopped by fault 1",
    ...[2, 3, 4].flatMap((code) => ["Press01 was reset", `Press01 stopped by fault ${code}`]),
  ]);
  assert.equal(server.sessions, 1);
});
