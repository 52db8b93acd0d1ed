import assert from "node:assert/strict";
import type { LifecycleEvent } from "../../../lib/sparkplug/index.ts";
import { type Check, equal, every } from "./check.ts";
import { type HostState, type Recording } from "./recording.ts";
import { HOST } from "./scenario.ts";

const STATE = "spBv1.0/STATE/Host";
const wills = (r: Recording) =>
  r.connects(HOST).map(({ packet, connection, at }) => ({ will: packet.will!, connection, at }));
const stateOf = (payload: Buffer | string): HostState => JSON.parse(String(payload)) as HostState;
const births = (r: Recording) => r.states(HOST).filter(({ state }) => state.online);
const deaths = (r: Recording) => r.states(HOST).filter(({ state }) => !state.online);
const commands = (r: Recording, ...types: string[]) =>
  r.messages(HOST, ...(types.length > 0 ? types : ["NCMD", "DCMD"]));

const willExists: Check = (r) => every(wills(r), ({ will }) => will !== undefined);
const willTopic: Check = (r) => every(wills(r), ({ will }) => will.topic === STATE);
const willQos: Check = (r) => every(wills(r), ({ will }) => will.qos === 1);
const willRetain: Check = (r) => every(wills(r), ({ will }) => will.retain === true);
/** `{"online":false,"timestamp":…}` with the time at which CONNECT was sent. */
const willPayload: Check = (r) =>
  every(wills(r), ({ will, at }) => {
    const state = stateOf(will.payload as Buffer);
    return isState(state) && !state.online && Math.abs(state.timestamp - at) < 1000;
  });
const isState = (state: HostState): boolean =>
  Object.keys(state).toSorted().join() === "online,timestamp" &&
  typeof state.online === "boolean" &&
  Number.isInteger(state.timestamp);
const birthTopic: Check = (r) => every(births(r), ({ packet }) => packet.topic === STATE);
const birthQos: Check = (r) => every(births(r), ({ packet }) => packet.qos === 1);
const birthRetain: Check = (r) => every(births(r), ({ packet }) => packet.retain);
const birthPayload: Check = (r) => {
  const times = new Map(
    wills(r).map(({ will, connection }) => [connection, stateOf(will.payload as Buffer).timestamp]),
  );
  every(births(r), ({ state, connection }) => isState(state) && state.timestamp === times.get(connection));
};
/** On each connection: SUBSCRIBE to its own STATE and to the namespace, then STATE, and nothing before it. */
const birthFirst: Check = (r) => {
  every(r.connects(HOST), ({ connection }) => {
    const own = r.packets.filter(
      (one) => one.connection === connection && one.from === "client" && one.packet !== undefined,
    );
    const topics = own.flatMap(({ packet }) =>
      packet?.cmd === "subscribe" ? packet.subscriptions.map(({ topic }) => topic) : [],
    );
    const first = own.findIndex(({ packet }) => packet?.cmd === "publish");
    const publish = own[first]?.packet;
    const subscribe = own.findIndex(({ packet }) => packet?.cmd === "subscribe");
    return (
      topics.includes(STATE) &&
      topics.some((topic) => topic.startsWith("spBv1.0/+/NBIRTH")) &&
      subscribe < first &&
      publish?.cmd === "publish" &&
      publish.topic === STATE &&
      stateOf(publish.payload as Buffer).online
    );
  });
};
const deathTopic: Check = (r) => every(deaths(r), ({ packet }) => packet.topic === STATE);
const deathQos: Check = (r) => every(deaths(r), ({ packet }) => packet.qos === 1);
const deathRetain: Check = (r) => every(deaths(r), ({ packet }) => packet.retain);
/** Both ends by intention: a death with the time of the end, then DISCONNECT. */
const deathPayload: Check = (r) => {
  every(deaths(r), ({ state, at }) => isState(state) && Math.abs(state.timestamp - at) < 1000);
  equal(deaths(r).length, 2);
  every(deaths(r), ({ connection, index }) =>
    r.sent(HOST, "disconnect").some((one) => one.connection === connection && one.index > index),
  );
};
/** A STATE that says offline and is not ours is answered with the birth, unchanged. */
const contradicts: Check = (r) => {
  const answer = births(r).find(({ index }) => index >= r.at("old state") && index < r.at("old state passed"));
  assert.ok(answer !== undefined, "no answer to the STATE that says offline");
  birthPayload(r);
};
const cleanSession: Check = (r) =>
  every(
    r.connects(HOST),
    ({ packet }) => packet.clean === true && (r.version === 4 || packet.properties?.sessionExpiryInterval === 0),
  );

const topicOf =
  (type: string, topic: RegExp): Check =>
  (r) =>
    every(commands(r, type), (one) => topic.test(one.topic));
const dcmdTopic = topicOf("DCMD", /^spBv1\.0\/Group\/DCMD\/Edge\/Press$/);
const ncmdTopic = topicOf("NCMD", /^spBv1\.0\/Group\/NCMD\/[^/]+$/);
const qos =
  (type: string): Check =>
  (r) =>
    every(commands(r, type), ({ packet }) => packet.qos === 0);
const retain =
  (type: string): Check =>
  (r) =>
    every(commands(r, type), ({ packet }) => !packet.retain);
const mqtt =
  (type: string): Check =>
  (r) => {
    qos(type)(r);
    retain(type)(r);
  };
const noSeq =
  (type: string): Check =>
  (r) =>
    every(commands(r, type), ({ seq }) => seq === undefined);
const timestamp =
  (type: string): Check =>
  (r) =>
    every(commands(r, type), ({ timestamp: at, at: seen }) => Math.abs(Number(at) - seen) < 1000);
const metric =
  (type: string): Check =>
  (r) =>
    every(commands(r, type), ({ metrics }) => metrics.length === 1);
/** The metric is one that a birth told of, here by its alias, and what was written arrived. */
const written: Check = (r) => {
  equal(r.fact("writes"), [
    ["Press", "Speed", -7],
    ["", "Mode", "manual"],
  ]);
};
const rebirths = (r: Recording) =>
  commands(r, "NCMD").filter(({ metrics }) => metrics[0]!.name === "Node Control/Rebirth");
const rebirth: Check = (r) =>
  every(rebirths(r), ({ metrics }) => metrics[0]!["boolean_value"] === true && metrics[0]!.datatype === 11);

const staleAfter =
  (death: string): Check =>
  (r) => {
    const { stale, all } = r.fact<{ stale: number; all: number }>(`stale after ${death}`);
    assert.ok(all > 0 && stale === all, `${stale} of ${all} metrics are stale`);
  };
const offlineAfterNdeath: Check = (r) => {
  every(r.fact<string[]>("states after NDEATH"), (state) => state === "offline");
  const [from, since, to] = r.fact<[number, number, number]>("since after NDEATH");
  assert.ok(since >= from && since <= to, "not the time of the host");
};
const offlineAfterDdeath: Check = (r) => {
  const death = r.messages("fplus-Group-Edge", "DDEATH")[0]!;
  equal(r.fact("since after DDEATH"), Number(death.timestamp));
};
const events = (r: Recording, node: string): string[] =>
  r
    .fact<LifecycleEvent[]>("events of disorder")
    .filter((event) => event.node === `Group/${node}`)
    .map(({ kind }) => kind);
/** Two messages changed places: put right in time, no rebirth asked for. */
const reordered: Check = (r) => equal(events(r, "FakeA"), ["node-online"]);
const gave: Check = (r) => {
  equal(events(r, "FakeB"), ["node-online", "gap", "rebirth-requested"]);
  const request = rebirths(r).find(({ topic }) => topic.endsWith("/FakeB"))!;
  const early = r.packets.find(
    ({ packet }, i) => i >= r.at("disorder") && packet?.cmd === "publish" && packet.topic.endsWith("NDATA/FakeB"),
  )!;
  assert.ok(request.at - early.at >= 400, `asked after ${request.at - early.at} ms`);
};
const perServer: Check = (r) => {
  birthPayload(r);
  const times = wills(r).map(({ will }) => stateOf(will.payload as Buffer).timestamp);
  equal(new Set(times).size, times.length);
};

/** What the recording must show of a host application, by assertion. */
export const HOST_CHECKS: Readonly<Record<string, Check>> = {
  "components-ph-state": birthFirst,
  "conformance-primary-host": birthFirst,
  "host-topic-phid-birth-message": birthFirst,
  "host-topic-phid-birth-payload": birthPayload,
  "host-topic-phid-birth-payload-timestamp": birthPayload,
  "host-topic-phid-birth-qos": birthQos,
  "host-topic-phid-birth-required": birthFirst,
  "host-topic-phid-birth-retain": birthRetain,
  "host-topic-phid-birth-sub-required": birthFirst,
  "host-topic-phid-birth-topic": birthTopic,
  "host-topic-phid-death-payload": deathPayload,
  "host-topic-phid-death-payload-timestamp-connect": willPayload,
  "host-topic-phid-death-payload-timestamp-disconnect-clean": deathPayload,
  "host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet": deathPayload,
  "host-topic-phid-death-qos": willQos,
  "host-topic-phid-death-required": willExists,
  "host-topic-phid-death-retain": willRetain,
  "host-topic-phid-death-topic": willTopic,
  "intro-sparkplug-host-state": birthFirst,
  "message-flow-hid-sparkplug-state-message-delivered": contradicts,
  "message-flow-phid-sparkplug-clean-session-311": cleanSession,
  "message-flow-phid-sparkplug-clean-session-50": cleanSession,
  "message-flow-phid-sparkplug-state-publish": birthFirst,
  "message-flow-phid-sparkplug-state-publish-payload": birthPayload,
  "message-flow-phid-sparkplug-state-publish-payload-timestamp": birthPayload,
  "message-flow-phid-sparkplug-subscription": birthFirst,
  "operational-behavior-data-commands-dcmd-metric-name": written,
  "operational-behavior-data-commands-dcmd-metric-value": written,
  "operational-behavior-data-commands-dcmd-verb": dcmdTopic,
  "operational-behavior-data-commands-ncmd-metric-name": written,
  "operational-behavior-data-commands-ncmd-metric-value": written,
  "operational-behavior-data-commands-ncmd-rebirth-name": rebirth,
  "operational-behavior-data-commands-ncmd-rebirth-value": rebirth,
  "operational-behavior-data-commands-ncmd-rebirth-verb": rebirth,
  "operational-behavior-data-commands-ncmd-verb": ncmdTopic,
  "operational-behavior-edge-node-termination-host-action-ddeath-devices-offline": offlineAfterDdeath,
  "operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale": staleAfter("DDEATH"),
  "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline": offlineAfterNdeath,
  "operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale": staleAfter("NDEATH"),
  "operational-behavior-edge-node-termination-host-action-ndeath-node-offline": offlineAfterNdeath,
  "operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale": staleAfter("NDEATH"),
  "operational-behavior-host-application-connect-birth": birthFirst,
  "operational-behavior-host-application-connect-birth-payload": birthPayload,
  "operational-behavior-host-application-connect-birth-qos": birthQos,
  "operational-behavior-host-application-connect-birth-retained": birthRetain,
  "operational-behavior-host-application-connect-birth-topic": birthTopic,
  "operational-behavior-host-application-connect-will": willExists,
  "operational-behavior-host-application-connect-will-payload": willPayload,
  "operational-behavior-host-application-connect-will-qos": willQos,
  "operational-behavior-host-application-connect-will-retained": willRetain,
  "operational-behavior-host-application-connect-will-topic": willTopic,
  "operational-behavior-host-application-death-payload": willPayload,
  "operational-behavior-host-application-death-qos": deathQos,
  "operational-behavior-host-application-death-retained": deathRetain,
  "operational-behavior-host-application-death-topic": deathTopic,
  "operational-behavior-host-application-multi-server-timestamp": perServer,
  "operational-behavior-host-application-termination": deathPayload,
  "operational-behavior-host-reordering-param": gave,
  "operational-behavior-host-reordering-rebirth": gave,
  "operational-behavior-host-reordering-start": gave,
  "operational-behavior-host-reordering-success": reordered,
  "operational-behavior-primary-application-state-with-multiple-servers-state": birthFirst,
  "payloads-dcmd-qos": qos("DCMD"),
  "payloads-dcmd-retain": retain("DCMD"),
  "payloads-dcmd-seq": noSeq("DCMD"),
  "payloads-dcmd-timestamp": timestamp("DCMD"),
  "payloads-ncmd-qos": qos("NCMD"),
  "payloads-ncmd-retain": retain("NCMD"),
  "payloads-ncmd-seq": noSeq("NCMD"),
  "payloads-ncmd-timestamp": timestamp("NCMD"),
  "payloads-state-birth": birthFirst,
  "payloads-state-birth-payload": birthPayload,
  "payloads-state-subscribe": birthFirst,
  "payloads-state-will-message": willTopic,
  "payloads-state-will-message-payload": willPayload,
  "payloads-state-will-message-qos": willQos,
  "payloads-state-will-message-retain": willRetain,
  "topics-dcmd-mqtt": mqtt("DCMD"),
  "topics-dcmd-payload": metric("DCMD"),
  "topics-dcmd-timestamp": timestamp("DCMD"),
  "topics-dcmd-topic": dcmdTopic,
  "topics-ncmd-mqtt": mqtt("NCMD"),
  "topics-ncmd-payload": metric("NCMD"),
  "topics-ncmd-timestamp": timestamp("NCMD"),
  "topics-ncmd-topic": ncmdTopic,
  // Those that bind both: here for the host.
  "case-sensitivity-sparkplug-ids": (r) => every(commands(r), ({ topic }) => topic.startsWith("spBv1.0/Group/")),
  "topic-structure": (r) => every(r.sent(HOST, "publish"), ({ packet }) => packet.topic.startsWith("spBv1.0/")),
  "topic-structure-namespace-a": (r) =>
    every(r.sent(HOST, "publish"), ({ packet }) => packet.topic.startsWith("spBv1.0/")),
  "payloads-timestamp-in-UTC": (r) => ["NCMD", "DCMD"].forEach((type) => timestamp(type)(r)),
  "principles-birth-certificates-order": birthFirst,
  "payloads-sequence-num-incrementing": reordered,
  "operational-behavior-primary-application-state-with-multiple-servers-state-subs": birthFirst,
};
