import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  commandCondition,
  type Endpoint,
  EventMonitor,
  type EventMonitorOptions,
  eventNotifiers,
  eventTypeFields,
  eventTypes,
  type PlainEvent,
  type Simulator,
} from "../../../lib/opcua/index.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { openEndpoint, openSimulator } from "./rig.ts";

interface Watched {
  readonly monitor: EventMonitor;
  readonly events: (PlainEvent & { refreshed: boolean })[];
  readonly errors: unknown[];
  readonly notices: string[];
  conditions: PlainEvent[];
}

async function plant(t: TestContext): Promise<{ endpoint: Endpoint; simulator: Simulator; url: string }> {
  const { url, simulator } = await openSimulator(t, 169, 50);
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  return { endpoint, simulator, url };
}

async function watch(t: TestContext, endpoint: Endpoint, options: Partial<EventMonitorOptions> = {}): Promise<Watched> {
  const watched = { events: [], errors: [], notices: [], conditions: [] } as unknown as Watched;
  const monitor = new EventMonitor(endpoint, {
    notifier: "",
    selection: {},
    fields: [],
    publishingMs: 50,
    queueSize: 1000,
    onEvent: (event, refreshed) => watched.events.push({ ...event, refreshed }),
    onConditions: (conditions) => (watched.conditions = conditions),
    onError: (error) => watched.errors.push(error),
    onNotice: (text) => watched.notices.push(text),
    ...options,
  });
  const stop = endpoint.use(monitor);
  t.after(async () => {
    stop();
    await monitor.close();
  });
  await until("the subscription", () => monitor.active || watched.errors.length > 0);
  return Object.assign(watched, { monitor });
}

test("an alarm from its begin to its end: raised, acknowledged, confirmed, over", async (t) => {
  const { endpoint, simulator } = await plant(t);
  const seen = await watch(t, endpoint);
  simulator.triggerFault("Press01", 17);
  await until("the alarm", () => seen.conditions.length === 1);
  const raised = seen.events.find(({ conditionName }) => conditionName === "FaultAlarm")!;
  assert.deepEqual(
    { ...raised, eventId: "", time: 0, receiveTime: 0, refreshed: false },
    {
      eventId: "",
      eventType: "OffNormalAlarmType",
      eventTypeId: "ns=0;i=10637",
      time: 0,
      receiveTime: 0,
      sourceName: "Press01",
      sourceNode: "ns=1;s=Press01",
      severity: 700,
      message: "Press01 stopped by fault 17",
      conditionId: "ns=1;s=Press01.FaultAlarm",
      conditionName: "FaultAlarm",
      retain: true,
      enabled: true,
      active: true,
      acked: false,
      confirmed: true,
      shelving: "Unshelved",
      suppressed: false,
      user: "",
      comment: "",
      refreshed: false,
    },
  );
  assert.match(raised.eventId, /^([\da-f]{2}){8,}$/);
  assert.ok(Math.abs(Date.now() - raised.time) < 30_000);

  const { conditionId = "" } = raised;
  const command = { conditionId, eventId: raised.eventId, comment: "I look at it" };
  assert.equal(await commandCondition(endpoint, { ...command, action: "acknowledge" }), "Good");
  await until("acknowledged", () => seen.conditions[0]?.acked === true);
  assert.deepEqual([seen.conditions[0]!.comment, seen.conditions[0]!.confirmed], ["I look at it", false]);
  const state = () => seen.monitor.conditions.find({ conditionId })!;
  await commandCondition(endpoint, { ...command, eventId: state().eventId, action: "comment", comment: "a jam" });
  await until("the comment", () => state().comment === "a jam");
  simulator.resetFault("Press01");
  await until("no longer active", () => seen.conditions[0]?.active === false);
  await commandCondition(endpoint, { ...command, eventId: state().eventId, action: "confirm" });
  await until("an empty list", () => seen.conditions.length === 0);
  await assert.rejects(commandCondition(endpoint, { ...command, eventId: "abcd", action: "acknowledge" }), {
    code: "opcua.condition",
    message: /cannot acknowledge: the server answered Bad/,
  });
  await assert.rejects(commandCondition(endpoint, { action: "confirm", conditionId }), /event to answer is not named/);
  assert.deepEqual([seen.errors, seen.notices], [[], []]);
});

test("alarms are shelved and taken back, disabled and enabled", async (t) => {
  const { endpoint, simulator } = await plant(t);
  const seen = await watch(t, endpoint);
  simulator.model.machine("Mill01")!.temperature = 60;
  await until("the alarm", () => seen.conditions.length === 1);
  const { conditionId = "", limit, severity } = seen.conditions[0]!;
  assert.deepEqual([conditionId, limit, severity], ["ns=1;s=Mill01.TemperatureAlarm", "HighHigh", 800]);
  const shelving = () => seen.events.findLast((event) => event.conditionId === conditionId)?.["shelving"];
  await commandCondition(endpoint, { action: "timedShelve", conditionId, seconds: 60 });
  await seen.monitor.refresh();
  await commandCondition(endpoint, { action: "unshelve", conditionId });
  await commandCondition(endpoint, { action: "shelve", conditionId });
  await commandCondition(endpoint, { action: "unshelve", conditionId });
  await until("unshelved", () => shelving() === "Unshelved");
  await commandCondition(endpoint, { action: "disable", conditionId });
  await until("disabled", () => seen.conditions.length === 0);
  await commandCondition(endpoint, { action: "enable", conditionId });
  await until("enabled", () => seen.events.at(-1)?.enabled === true);
});

test("only what was asked for: a type of the server's own with its fields, severity, sources, one machine", async (t) => {
  const { endpoint, simulator } = await plant(t);
  const types = await eventTypes(endpoint);
  const stateChange = types.find(({ name }) => name === "MachineStateEventType")!;
  assert.equal(types.find(({ name }) => name === "ExclusiveLimitAlarmType")?.nodeId, "ns=0;i=9341");
  const fields = await eventTypeFields(endpoint, stateChange.nodeId);
  const own = fields.filter(({ type }) => type === stateChange.nodeId);
  assert.deepEqual(
    own.map(({ path }) => path),
    ["/1:Machine", "/1:OldState", "/1:NewState", "/1:FaultCode"],
  );
  assert.ok(fields.some(({ path }) => path === "/SourceName"));
  const nested = await eventTypeFields(endpoint, "i=9341");
  assert.ok(nested.some(({ path, name }) => path === "/LimitState/CurrentState" && name === "LimitState.CurrentState"));

  const notifiers = await eventNotifiers(endpoint);
  assert.deepEqual(
    notifiers.find(({ name }) => name === "Oven01"),
    { nodeId: "ns=1;s=Oven01", name: "Oven01", reports: true },
  );

  const changes = await watch(t, endpoint, {
    selection: { eventType: stateChange.nodeId, sources: ["Press01", "Mill01"] },
    fields: own.map(({ name, path, type }) => ({ name, path, type })),
  });
  const severe = await watch(t, endpoint, { selection: { minSeverity: 600 } });
  const alarms = await watch(t, endpoint, { selection: { eventType: "i=2915" }, notifier: "ns=1;s=Oven01" });
  for (const name of ["Press01", "Oven01", "Mill01"]) simulator.triggerFault(name, 41);
  await until("everything", () => changes.events.length >= 2 && severe.events.length >= 3 && alarms.events.length >= 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(changes.events.map(({ sourceName }) => sourceName).toSorted(), ["Mill01", "Press01"]);
  const { Machine, NewState, FaultCode } = changes.events.find(({ sourceName }) => sourceName === "Press01")!;
  assert.deepEqual([Machine, NewState, FaultCode], ["Press01", "Fault", 41]);
  assert.deepEqual(
    severe.events.map(({ eventType }) => eventType),
    Array.from({ length: 3 }, () => "OffNormalAlarmType"),
  );
  assert.ok(alarms.events.every(({ sourceName, conditionName }) => sourceName === "Oven01" && conditionName));
});

test("alarms that were there before are in the list at once; a filter that is none is said and leaves the session alone", async (t) => {
  const { endpoint, simulator } = await plant(t);
  simulator.triggerFault("Robot01", 3);
  simulator.triggerFault("Press01", 4);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const seen = await watch(t, endpoint);
  await until("two alarms", () => seen.conditions.length === 2);
  assert.ok(seen.events.every(({ refreshed, conditionName }) => refreshed && conditionName === "FaultAlarm"));
  const before = seen.events.length;
  await seen.monitor.refresh();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(seen.events.length, before, "what is known is not told again");
  for (const options of [
    { selection: { eventType: "nsu=urn:nobody;i=1" } },
    { notifier: "ns=1;s=Nowhere" },
    { fields: [{ name: "x", path: "no path", type: "i=2041" }] },
  ]) {
    const wrong = await watch(t, endpoint, options);
    assert.equal((wrong.errors[0] as { code?: string }).code, "opcua.event", JSON.stringify(options));
  }
  assert.deepEqual([endpoint.state, endpoint.health().counters["reconnects"]], ["up", 0]);
});

test("events while the link is away come when it is back, each once and in order", async (t) => {
  const { url, simulator } = await openSimulator(t, 169, 50);
  const proxy = new TcpProxy(Number(new URL(url).port));
  await proxy.open();
  t.after(() => proxy.close());
  const endpoint = openEndpoint(t, `opc.tcp://127.0.0.1:${proxy.port}/fplus`);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const stateChange = (await eventTypes(endpoint)).find(({ name }) => name === "MachineStateEventType")!;
  const fields = (await eventTypeFields(endpoint, stateChange.nodeId)).filter(
    ({ type }) => type === stateChange.nodeId,
  );
  const seen = await watch(t, endpoint, { selection: { eventType: stateChange.nodeId, sources: ["Press01"] }, fields });
  const codes = (): number[] => seen.events.map((event) => Number(event["FaultCode"])).filter((code) => code !== 0);
  let code = 0;
  const stopAndGo = (): void => {
    code += 1;
    simulator.triggerFault("Press01", code);
    simulator.resetFault("Press01");
  };
  for (const breakLink of [async () => proxy.cut(), async () => proxy.halfOpen(), async () => proxy.reset()]) {
    stopAndGo();
    await until("an event before", () => codes().at(-1) === code);
    await breakLink();
    for (let i = 0; i < 5; i++) {
      stopAndGo();
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await proxy.heal();
    stopAndGo();
    await until("the events of the gap", () => codes().includes(code));
  }
  assert.deepEqual(
    codes(),
    Array.from({ length: code }, (_, i) => i + 1),
  );
  assert.ok((endpoint.health().counters["reconnects"] ?? 0) >= 2);
  assert.equal(seen.monitor.lost, 0);
});
