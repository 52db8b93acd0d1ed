import assert from "node:assert/strict";
import type { Packet } from "mqtt-packet";
import { checkId } from "../../../lib/sparkplug/index.ts";
import { type Check, equal, every } from "./check.ts";
import { type Message, payloadOf, type RawMetric, type Recording } from "./recording.ts";
import { EDGE } from "./scenario.ts";

const NODE_TOPIC: Readonly<Record<string, RegExp>> = {
  NBIRTH: /^spBv1\.0\/Group\/NBIRTH\/Edge$/,
  NDATA: /^spBv1\.0\/Group\/NDATA\/Edge$/,
  NDEATH: /^spBv1\.0\/Group\/NDEATH\/Edge$/,
  DBIRTH: /^spBv1\.0\/Group\/DBIRTH\/Edge\/(Press|Oven)$/,
  DDATA: /^spBv1\.0\/Group\/DDATA\/Edge\/(Press|Oven)$/,
  DDEATH: /^spBv1\.0\/Group\/DDEATH\/Edge\/(Press|Oven)$/,
};
const REBIRTH = "Node Control/Rebirth";

const all = (r: Recording): Message[] => r.messages(EDGE);
const wills = (r: Recording) => r.connects(EDGE).map(({ packet, connection }) => ({ will: packet.will!, connection }));
const named = (metrics: readonly RawMetric[], name: string): RawMetric | undefined =>
  metrics.find((metric) => metric.name === name);
const bdSeq = (metrics: readonly RawMetric[]): number => Number(named(metrics, "bdSeq")?.["long_value"] ?? Number.NaN);
const nbirths = (r: Recording): Message[] => r.messages(EDGE, "NBIRTH");
const born = (r: Recording): RawMetric[] => r.messages(EDGE, "NBIRTH", "DBIRTH").flatMap(({ metrics }) => metrics);
const data = (r: Recording): RawMetric[] => r.messages(EDGE, "NDATA", "DDATA").flatMap(({ metrics }) => metrics);

const topicOf =
  (type: string): Check =>
  (r) =>
    every(r.messages(EDGE, type), ({ topic }) => NODE_TOPIC[type]!.test(topic));
const qos =
  (type: string): Check =>
  (r) =>
    every(r.messages(EDGE, type), ({ packet }) => packet.qos === 0);
const retain =
  (type: string): Check =>
  (r) =>
    every(r.messages(EDGE, type), ({ packet }) => !packet.retain);
const mqtt =
  (type: string): Check =>
  (r) => {
    qos(type)(r);
    retain(type)(r);
  };
/** The time of the message, in milliseconds of UTC, is the time at which it passed the wire. */
const timestamp =
  (type: string): Check =>
  (r) =>
    every(r.messages(EDGE, type), ({ timestamp: at, at: seen }) => Math.abs(Number(at) - seen) < 2000);
const hasSeq =
  (type: string): Check =>
  (r) =>
    every(r.messages(EDGE, type), ({ seq }) => seq !== undefined && seq >= 0 && seq <= 255);
const noSeq: Check = (r) => {
  every(r.messages(EDGE, "NDEATH"), ({ seq }) => seq === undefined);
  every(wills(r), ({ will }) => payloadOf(will.payload as Buffer).seq === undefined);
};
/** Over the whole session: zero at the birth, then one more each, 255 followed by 0. */
const counts: Check = (r) => {
  let expected = -1;
  let wraps = 0;
  every(
    all(r).filter(({ type }) => type !== "NDEATH"),
    ({ type, seq }) => {
      if (type === "NBIRTH") expected = 0;
      const fits = seq === expected;
      if (expected === 255) wraps += 1;
      expected = (expected + 1) & 0xff;
      return fits;
    },
  );
  assert.ok(wraps > 0, "the scenario is too short for a wrap");
};
const seqIncrements =
  (type: string): Check =>
  (r) => {
    hasSeq(type)(r);
    counts(r);
  };
const protobuf =
  (type: string): Check =>
  (r) =>
    every(r.messages(EDGE, type), ({ metrics }) => metrics.length > 0);
const willPayload: Check = (r) =>
  every(wills(r), ({ will }) => Number.isInteger(bdSeq(payloadOf(will.payload as Buffer).metrics)));
const willBdSeq: Check = (r) => {
  const numbers = wills(r).map(({ will }) => named(payloadOf(will.payload as Buffer).metrics, "bdSeq"));
  every(numbers, (metric, i) => metric?.datatype === 4 && Number(metric["long_value"]) === i);
};
const willQos: Check = (r) => every(wills(r), ({ will }) => will.qos === 1);
const willRetain: Check = (r) => every(wills(r), ({ will }) => !will.retain);
const hasWill: Check = (r) => every(wills(r), ({ will }) => will !== undefined);
const willTopic: Check = (r) => every(wills(r), ({ will }) => will.topic === "spBv1.0/Group/NDEATH/Edge");
/** Every NBIRTH carries the number of the will of its own connection. */
const bdSeqMatches: Check = (r) => {
  const numbers = new Map(
    wills(r).map(({ will, connection }) => [connection, bdSeq(payloadOf(will.payload as Buffer).metrics)]),
  );
  every(
    nbirths(r),
    ({ metrics, connection }) => named(metrics, "bdSeq")?.datatype === 4 && bdSeq(metrics) === numbers.get(connection),
  );
};
const deathMatches: Check = (r) => {
  bdSeqMatches(r);
  const births = new Map(nbirths(r).map(({ metrics, connection }) => [connection, bdSeq(metrics)]));
  every(r.messages(EDGE, "NDEATH"), ({ metrics, connection }) => bdSeq(metrics) === births.get(connection));
};
const rebirthMetric: Check = (r) =>
  every(nbirths(r), ({ metrics }) => {
    const control = named(metrics, REBIRTH);
    return control?.datatype === 11 && control["boolean_value"] === false && control.alias === undefined;
  });
const subscribed =
  (filter: string): Check =>
  (r) => {
    const connections = new Set(nbirths(r).map(({ connection }) => connection));
    every([...connections], (connection) =>
      r
        .sent(EDGE, "subscribe")
        .some(
          (one) =>
            one.connection === connection &&
            one.packet.subscriptions.some(({ topic, qos: q }) => topic === filter && q === 1),
        ),
    );
  };
/** On each connection the first message is NBIRTH, after CONNECT, SUBSCRIBE and, where there is one to wait for, STATE. */
const birthFirst: Check = (r) => {
  const first = new Map<number, Message>();
  for (const message of all(r)) if (!first.has(message.connection)) first.set(message.connection, message);
  every([...first.values()], ({ type }) => type === "NBIRTH");
};
const afterConnect: Check = (r) =>
  every(nbirths(r), ({ connection, index }) =>
    r.packets.slice(0, index).some((one) => one.connection === connection && one.packet?.cmd === "connack"),
  );
/** No DATA between a birth of the node and those of the devices it knows. */
const birthsTogether: Check = (r) => {
  const known = new Set<string>();
  let owed = new Set<string>();
  for (const { type, device } of all(r)) {
    if (type === "NBIRTH") owed = new Set(known);
    else if (type === "DBIRTH") {
      known.add(device);
      owed.delete(device);
    } else if (type === "DDEATH") known.delete(device);
    else if (type !== "NDEATH") assert.equal(owed.size, 0, `${type} before the birth of ${[...owed].join()}`);
  }
  assert.equal(known.size, 2);
};
const dataAfterBirth: Check = (r) => {
  const alive = new Set<string>();
  every(all(r), ({ type, device }) => {
    if (type === "NBIRTH") alive.clear();
    if (type === "NBIRTH" || type === "DBIRTH") alive.add(device);
    if (type === "NDEATH" || type === "DDEATH") alive.delete(device);
    return !type.endsWith("DATA") || alive.has(device);
  });
  birthsTogether(r);
};
/** Whatever DATA names was told in the birth of the same node or device before. */
const complete =
  (type: string): Check =>
  (r) => {
    const aliases = new Map<string, Set<string>>();
    let seen = 0;
    for (const message of all(r)) {
      if (message.type === type)
        aliases.set(message.device, new Set(message.metrics.flatMap(({ alias }) => alias ?? [])));
      else if (message.type === type.replace("BIRTH", "DATA")) {
        for (const { alias } of message.metrics) {
          seen += 1;
          assert.ok(aliases.get(message.device)?.has(alias ?? ""), `alias ${alias} of ${message.topic} was not born`);
        }
      }
    }
    assert.ok(seen > 0);
  };
const values =
  (type: string): Check =>
  (r) =>
    every(
      r.messages(EDGE, type).flatMap(({ metrics }) => metrics),
      (metric) =>
        metric.name !== undefined && metric.datatype !== undefined && (metric.is_null === true) !== hasValue(metric),
    );
const hasValue = (metric: RawMetric): boolean => Object.keys(metric).some((key) => key.endsWith("_value"));
const chronological =
  (...types: string[]): Check =>
  (r) => {
    const last = new Map<string, number>();
    every(r.messages(EDGE, ...types), ({ device, metrics }) =>
      metrics.every((metric) => {
        if (metric.is_historical === true || metric.alias === undefined) return true;
        const key = `${device} ${metric.alias}`;
        const fits = Number(metric.timestamp) >= (last.get(key) ?? 0);
        last.set(key, Number(metric.timestamp));
        return fits;
      }),
    );
  };
/** Each sample that was given is published once while the session lives: nothing is repeated on a timer. */
const onlyChanges: Check = (r) => {
  const times = r
    .messages(EDGE, "DDATA", "NDATA")
    .filter(({ index }) => index >= r.at("steady") && index < r.at("writes"))
    .flatMap(({ device, metrics }) =>
      metrics.map(
        ({ alias, timestamp: at, int_value: int, double_value: real }) =>
          `${device} ${alias} ${at} ${String(int ?? real)}`,
      ),
    );
  equal(new Set(times).size, times.length);
};
/** What changed between two marks is all in DATA. */
const changesSent: Check = (r) => {
  const sent = r.messages(EDGE, "DDATA").filter(({ index }) => index >= r.at("steady") && index < r.at("writes"));
  equal(sent.flatMap(({ metrics }) => metrics).length, 600);
};
const after = (r: Recording, mark: string, end: string, ...types: string[]): Message[] =>
  r.messages(EDGE, ...types).filter(({ index }) => index >= r.at(mark) && index < r.at(end));
const waits: Check = (r) => {
  equal(after(r, "edge waits", "host starts").length, 0);
  const first = nbirths(r)[0]!;
  const state = r.packets.findIndex(
    ({ from, clientId, packet }, i) =>
      i >= r.at("host starts") &&
      from === "broker" &&
      clientId.includes(EDGE) &&
      packet?.cmd === "publish" &&
      String(packet.payload).includes("true"),
  );
  assert.ok(state >= 0 && state < first.index, "NBIRTH did not wait for STATE");
};
const leaves: Check = (r) => {
  const death = after(r, "host leaves", "walked", "NDEATH")[0];
  assert.ok(death !== undefined, "no NDEATH");
  equal(all(r).filter(({ connection, index }) => connection === death.connection && index > death.index).length, 0);
  const isEnd = (packet: Packet | undefined): boolean => packet === undefined || packet.cmd === "disconnect";
  const ended = r.packets
    .slice(death.index)
    .some(({ connection, packet }) => connection === death.connection && isEnd(packet));
  assert.ok(ended, "the connection went on");
};
const walks: Check = (r) => {
  leaves(r);
  const before = after(r, "cut", "host leaves", "NBIRTH").at(-1)!;
  const next = after(r, "host leaves", "end", "NBIRTH")[0]!;
  assert.ok(next.connection > before.connection);
  equal(bdSeq(next.metrics), bdSeq(before.metrics) + 1);
};
const oldStateIgnored: Check = (r) => {
  equal(r.fact("online after the old state"), true);
  equal(after(r, "old state", "old state passed", "NDEATH").length, 0);
  const connects = r
    .connects(EDGE)
    .filter(({ index }) => index >= r.at("old state") && index < r.at("old state passed"));
  equal(connects.length, 0);
};
const oneConnection: Check = (r) => {
  let open = 0;
  every(
    r.packets.filter(
      ({ clientId, from, packet }) =>
        clientId.includes(EDGE) && from === "client" && (packet === undefined || packet.cmd === "connect"),
    ),
    ({ packet }) => {
      open += packet === undefined ? -1 : 1;
      return open <= 1;
    },
  );
};
const stateSubscribed: Check = (r) =>
  every(nbirths(r), ({ connection }) =>
    r
      .sent(EDGE, "subscribe")
      .some(
        (one) =>
          one.connection === connection && one.packet.subscriptions.some(({ topic }) => topic === "spBv1.0/STATE/Host"),
      ),
  );
/** After the request no DATA before the births are out again, and those are complete. */
const rebirthStops: Check = (r) => {
  const asked = r.packets.findIndex(
    ({ from, clientId, packet }, i) =>
      i >= r.at("rebirth") &&
      from === "broker" &&
      clientId.includes(EDGE) &&
      packet?.cmd === "publish" &&
      packet.topic.includes("NCMD"),
  );
  const types = all(r)
    .filter(({ index }) => index > asked && index < r.at("reborn"))
    .map(({ type }) => type);
  // What was on its way when the request arrived may still pass.
  const first = types.indexOf("NBIRTH");
  assert.ok(first >= 0 && first <= 1, types.join());
  equal(types.slice(first, first + 3), ["NBIRTH", "DBIRTH", "DBIRTH"]);
};
const ends: Check = (r) => {
  const death = after(r, "edge leaves", "end", "NDEATH");
  equal(death.length, 1);
  const disconnect = r.sent(EDGE, "disconnect").at(-1)!;
  assert.ok(death[0]!.index < disconnect.index);
};
const disconnectReason: Check = (r) => {
  if (r.version === 5) every(r.sent(EDGE, "disconnect"), ({ packet }) => packet.reasonCode === 4);
  else ends(r);
};
const deviceDies: Check = (r) =>
  equal(
    after(r, "device away", "cut", "DDEATH").map(({ device }) => device),
    ["Oven"],
  );
const cleanSession: Check = (r) =>
  every(
    r.connects(EDGE),
    ({ packet }) => packet.clean === true && (r.version === 4 || packet.properties?.sessionExpiryInterval === 0),
  );
const deathContent: Check = (r) =>
  every(r.messages(EDGE, "NDEATH"), ({ metrics }) => metrics.length === 1 && metrics[0]!.name === "bdSeq");
const times = (r: Recording): RawMetric[] => [...born(r), ...data(r)];
const timed: Check = (r) => every(times(r), ({ timestamp: at }) => Math.abs(Number(at) - Date.now()) < 600_000);
const aliasBirth: Check = (r) =>
  every(
    born(r).filter(({ alias }) => alias !== undefined),
    ({ name }) => name !== undefined,
  );
const aliasData: Check = (r) => every(data(r), ({ alias, name }) => alias !== undefined && name === undefined);
const aliasUnique: Check = (r) => {
  const meaning = new Map<string, string>();
  for (const { device, metrics } of r.messages(EDGE, "NBIRTH", "DBIRTH")) {
    for (const { alias, name } of metrics) {
      if (alias === undefined) continue;
      const known = meaning.get(alias) ?? `${device}/${name}`;
      assert.equal(`${device}/${name}`, known, `alias ${alias}`);
      meaning.set(alias, known);
    }
  }
  assert.ok(meaning.size > 5);
};
const metricNames: Check = (r) =>
  every(
    r.messages(EDGE, "NBIRTH", "DBIRTH"),
    ({ metrics }) => new Set(metrics.map(({ name }) => name!.toLowerCase())).size === metrics.length,
  );
const datatypeBorn: Check = (r) =>
  every(born(r), ({ datatype }) => datatype !== undefined && datatype >= 1 && datatype <= 34);
const datatypeData: Check = (r) => every(data(r), ({ datatype }) => datatype === undefined);
const dataSets = (r: Recording) => born(r).flatMap(({ dataset_value: set }) => set ?? []);
const dataSetShape: Check = (r) =>
  every(dataSets(r), ({ num_of_columns: columns, columns: names, types, rows }) => {
    const width = Number(columns);
    return (
      names?.length === width && types?.length === width && (rows ?? []).every((row) => row.elements?.length === width)
    );
  });
const dataSetTypes: Check = (r) =>
  every(
    dataSets(r).flatMap(({ types }) => types ?? []),
    (type) => type >= 1 && type <= 15,
  );
const dataSetCells: Check = (r) =>
  every(
    dataSets(r)
      .flatMap(({ rows }) => rows ?? [])
      .flatMap(({ elements }) => elements ?? []),
    (cell) => Object.keys(cell).every((field) => /^(int|long|float|double|boolean|string)_value$/.test(field)),
  );
const templates = (r: Recording) =>
  [...born(r), ...data(r)].flatMap(({ name, template_value: value }) => (value === undefined ? [] : [{ name, value }]));
const definitions = (r: Recording) => templates(r).filter(({ value }) => value.is_definition === true);
const instances = (r: Recording) => templates(r).filter(({ value }) => value.is_definition !== true);
const definitionFlag: Check = (r) => {
  every(definitions(r), ({ value }) => value.template_ref === undefined);
  every(instances(r), ({ value }) => value.is_definition === false);
};
const definitionsInBirth: Check = (r) => {
  every(nbirths(r).slice(-1), ({ metrics }) => named(metrics, "Motor")?.template_value?.is_definition === true);
  every(
    r.messages(EDGE, "NDATA", "DDATA", "DBIRTH"),
    ({ metrics }) => !metrics.some(({ template_value: value }) => value?.is_definition === true),
  );
};
const definitionOf = (r: Recording, ref: string | undefined) => definitions(r).find(({ name }) => name === ref)?.value;
const instanceRef: Check = (r) => every(instances(r), ({ value }) => definitionOf(r, value.template_ref) !== undefined);
const instanceMembers: Check = (r) =>
  every(instances(r), ({ value }) => {
    const members = definitionOf(r, value.template_ref)?.metrics?.map(({ name }) => name) ?? [];
    return (value.metrics ?? []).every(({ name }) => members.includes(name));
  });
const instanceComplete: Check = (r) =>
  every(
    born(r).flatMap(({ template_value: value }) => (value?.is_definition === false ? [value] : [])),
    (value) => value.metrics?.length === definitionOf(r, value.template_ref)?.metrics?.length,
  );
const parameters = (r: Recording) => templates(r).flatMap(({ value }) => value.parameters ?? []);
const parameterNames: Check = (r) => every(parameters(r), ({ name }) => typeof name === "string" && name !== "");
const parameterTypes: Check = (r) =>
  every(parameters(r), ({ type }) => Number.isInteger(type) && type! >= 1 && type! <= 15);
const parameterValues: Check = (r) =>
  every(parameters(r), (one) =>
    Object.keys(one)
      .filter((key) => key.endsWith("_value"))
      .every((key) => /^(int|long|float|double|boolean|string)_value$/.test(key)),
  );
const templateVersion: Check = (r) => every(templates(r), ({ value }) => value.version === "1");
const sets = (r: Recording) => [...born(r), ...data(r)].flatMap(({ properties }) => properties ?? []);
const propertySizes: Check = (r) =>
  every(sets(r), ({ keys, values: list }) => keys?.length === list?.length && (keys?.length ?? 0) > 0);
const propertyTypes: Check = (r) =>
  every(
    sets(r).flatMap(({ values: list }) => list ?? []),
    ({ type }) => Number.isInteger(type) && type! >= 1 && type! <= 21,
  );
const quality: Check = (r) =>
  every(
    sets(r).flatMap(({ keys, values: list }) =>
      (keys ?? []).flatMap((key, i) => (key === "Quality" ? [list![i]!] : [])),
    ),
    ({ type, int_value: value }) => type === 3 && [0, 192, 500].includes(value ?? -1),
  );
const namespace: Check = (r) => every(all(r), ({ topic }) => topic.startsWith("spBv1.0/"));
const structure: Check = (r) => every(all(r), ({ topic, type }) => NODE_TOPIC[type]?.test(topic) === true);
const deviceIds: Check = (r) => every(all(r), ({ type, device }) => (device !== "") === type.startsWith("D"));
const ids: Check = () => {
  for (const good of ["Press 1", "Größe", "a.b-c_d"]) equal(checkId(good, "device"), good);
  for (const bad of ["", "a/b", "a+b", "a#b", "a\0b", "a\ud800"])
    assert.throws(() => checkId(bad, "device"), { code: "config.invalid" });
};

/** What the recording must show of an edge node, by assertion. */
export const EDGE_CHECKS: Readonly<Record<string, Check>> = {
  "case-sensitivity-metric-names": metricNames,
  "case-sensitivity-sparkplug-ids": (r) =>
    every(
      [...new Set(all(r).map(({ topic }) => topic))],
      (topic, i) => [...new Set(all(r).map((m) => m.topic.toLowerCase()))].indexOf(topic.toLowerCase()) === i,
    ),
  "intro-device-id-chars": ids,
  "intro-device-id-string": ids,
  "intro-edge-node-id-chars": ids,
  "intro-edge-node-id-string": ids,
  "intro-group-id-chars": ids,
  "intro-group-id-string": ids,
  "topic-structure-namespace-valid-device-id": ids,
  "topic-structure-namespace-valid-edge-node-id": ids,
  "topic-structure-namespace-valid-group-id": ids,
  "message-flow-device-birth-publish-dbirth-match-edge-node-topic": topicOf("DBIRTH"),
  "message-flow-device-birth-publish-dbirth-payload": protobuf("DBIRTH"),
  "message-flow-device-birth-publish-dbirth-payload-seq": seqIncrements("DBIRTH"),
  "message-flow-device-birth-publish-dbirth-qos": qos("DBIRTH"),
  "message-flow-device-birth-publish-dbirth-retained": retain("DBIRTH"),
  "message-flow-device-birth-publish-dbirth-topic": topicOf("DBIRTH"),
  "message-flow-device-birth-publish-nbirth-wait": birthFirst,
  "message-flow-device-dcmd-subscribe": subscribed("spBv1.0/Group/DCMD/Edge/+"),
  "message-flow-edge-node-birth-publish-connect": afterConnect,
  "message-flow-edge-node-birth-publish-nbirth-payload": protobuf("NBIRTH"),
  "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq": bdSeqMatches,
  "message-flow-edge-node-birth-publish-nbirth-payload-seq": hasSeq("NBIRTH"),
  "message-flow-edge-node-birth-publish-nbirth-qos": qos("NBIRTH"),
  "message-flow-edge-node-birth-publish-nbirth-retained": retain("NBIRTH"),
  "message-flow-edge-node-birth-publish-nbirth-topic": topicOf("NBIRTH"),
  "message-flow-edge-node-birth-publish-phid-offline": leaves,
  "message-flow-edge-node-birth-publish-phid-wait": waits,
  "message-flow-edge-node-birth-publish-phid-wait-id": waits,
  "message-flow-edge-node-birth-publish-phid-wait-online": waits,
  "message-flow-edge-node-birth-publish-phid-wait-timestamp": oldStateIgnored,
  "message-flow-edge-node-birth-publish-will-message": hasWill,
  "message-flow-edge-node-birth-publish-will-message-payload": willPayload,
  "message-flow-edge-node-birth-publish-will-message-payload-bdSeq": willBdSeq,
  "message-flow-edge-node-birth-publish-will-message-qos": willQos,
  "message-flow-edge-node-birth-publish-will-message-topic": willTopic,
  "message-flow-edge-node-birth-publish-will-message-will-retained": willRetain,
  "message-flow-edge-node-ncmd-subscribe": subscribed("spBv1.0/Group/NCMD/Edge"),
  "operational-behavior-data-commands-rebirth-action-1": rebirthStops,
  "operational-behavior-data-commands-rebirth-action-2": rebirthStops,
  "operational-behavior-data-commands-rebirth-action-3": bdSeqMatches,
  "operational-behavior-data-commands-rebirth-datatype": rebirthMetric,
  "operational-behavior-data-commands-rebirth-name": rebirthMetric,
  "operational-behavior-data-commands-rebirth-name-aliases": rebirthMetric,
  "operational-behavior-data-commands-rebirth-value": rebirthMetric,
  "operational-behavior-data-publish-dbirth": complete("DBIRTH"),
  "operational-behavior-data-publish-dbirth-change": onlyChanges,
  "operational-behavior-data-publish-dbirth-order": chronological("DBIRTH", "DDATA"),
  "operational-behavior-data-publish-dbirth-values": values("DBIRTH"),
  "operational-behavior-data-publish-nbirth": complete("NBIRTH"),
  "operational-behavior-data-publish-nbirth-change": onlyChanges,
  "operational-behavior-data-publish-nbirth-order": chronological("NBIRTH", "NDATA"),
  "operational-behavior-data-publish-nbirth-values": values("NBIRTH"),
  "operational-behavior-device-ddeath": deviceDies,
  "operational-behavior-edge-node-birth-sequence-wait": waits,
  "operational-behavior-edge-node-intentional-disconnect-ndeath": ends,
  "operational-behavior-edge-node-termination-host-offline": leaves,
  "operational-behavior-edge-node-termination-host-offline-reconnect": walks,
  "operational-behavior-edge-node-termination-host-offline-timestamp": oldStateIgnored,
  "operational-behavior-primary-application-state-with-multiple-servers-single-server": oneConnection,
  "operational-behavior-primary-application-state-with-multiple-servers-state-subs": stateSubscribed,
  "operational-behavior-primary-application-state-with-multiple-servers-walk": walks,
  "payloads-alias-birth-requirement": aliasBirth,
  "payloads-alias-data-cmd-requirement": aliasData,
  "payloads-alias-uniqueness": aliasUnique,
  "payloads-dataset-column-num-headers": dataSetShape,
  "payloads-dataset-column-size": dataSetShape,
  "payloads-dataset-parameter-type-req": dataSetShape,
  "payloads-dataset-types-def": dataSetTypes,
  "payloads-dataset-types-num": dataSetShape,
  "payloads-dataset-types-type": dataSetTypes,
  "payloads-dataset-types-value": dataSetTypes,
  "payloads-dbirth-order": birthsTogether,
  "payloads-dbirth-qos": qos("DBIRTH"),
  "payloads-dbirth-retain": retain("DBIRTH"),
  "payloads-dbirth-seq": hasSeq("DBIRTH"),
  "payloads-dbirth-seq-inc": seqIncrements("DBIRTH"),
  "payloads-dbirth-timestamp": timestamp("DBIRTH"),
  "payloads-ddata-order": dataAfterBirth,
  "payloads-ddata-qos": qos("DDATA"),
  "payloads-ddata-retain": retain("DDATA"),
  "payloads-ddata-seq": hasSeq("DDATA"),
  "payloads-ddata-seq-inc": seqIncrements("DDATA"),
  "payloads-ddata-timestamp": timestamp("DDATA"),
  "payloads-ddeath-seq": hasSeq("DDEATH"),
  "payloads-ddeath-seq-inc": seqIncrements("DDEATH"),
  "payloads-ddeath-seq-number": hasSeq("DDEATH"),
  "payloads-ddeath-timestamp": timestamp("DDEATH"),
  "payloads-metric-datatype-not-req": datatypeData,
  "payloads-metric-datatype-req": datatypeBorn,
  "payloads-metric-datatype-value": datatypeBorn,
  "payloads-metric-datatype-value-type": datatypeBorn,
  "payloads-metric-propertyvalue-type-req": propertyTypes,
  "payloads-metric-propertyvalue-type-type": propertyTypes,
  "payloads-metric-propertyvalue-type-value": propertyTypes,
  "payloads-metric-timestamp-in-UTC": timed,
  "payloads-name-birth-data-requirement": timed,
  "payloads-name-requirement": (r) => every(born(r), ({ name }) => name !== undefined),
  "payloads-nbirth-bdseq": bdSeqMatches,
  "payloads-nbirth-bdseq-repeat": bdSeqMatches,
  "payloads-nbirth-qos": qos("NBIRTH"),
  "payloads-nbirth-rebirth-req": rebirthMetric,
  "payloads-nbirth-retain": retain("NBIRTH"),
  "payloads-nbirth-seq": hasSeq("NBIRTH"),
  "payloads-nbirth-timestamp": timestamp("NBIRTH"),
  "payloads-ndata-order": dataAfterBirth,
  "payloads-ndata-qos": qos("NDATA"),
  "payloads-ndata-retain": retain("NDATA"),
  "payloads-ndata-seq": hasSeq("NDATA"),
  "payloads-ndata-seq-inc": seqIncrements("NDATA"),
  "payloads-ndata-timestamp": timestamp("NDATA"),
  "payloads-ndeath-bdseq": deathMatches,
  "payloads-ndeath-seq": noSeq,
  "payloads-ndeath-will-message": willTopic,
  "payloads-ndeath-will-message-publisher": ends,
  "payloads-ndeath-will-message-publisher-disconnect-mqtt311": ends,
  "payloads-ndeath-will-message-publisher-disconnect-mqtt50": disconnectReason,
  "payloads-ndeath-will-message-qos": willQos,
  "payloads-ndeath-will-message-retain": willRetain,
  "payloads-propertyset-keys-array-size": propertySizes,
  "payloads-propertyset-quality-value-type": quality,
  "payloads-propertyset-quality-value-value": quality,
  "payloads-propertyset-values-array-size": propertySizes,
  "payloads-sequence-num-always-included": counts,
  "payloads-sequence-num-incrementing": counts,
  "payloads-sequence-num-req-nbirth": hasSeq("NBIRTH"),
  "payloads-template-dataset-value": dataSetCells,
  "payloads-template-definition-is-definition": definitionFlag,
  "payloads-template-definition-members": instanceMembers,
  "payloads-template-definition-nbirth": definitionsInBirth,
  "payloads-template-definition-nbirth-only": definitionsInBirth,
  "payloads-template-definition-parameters": parameterNames,
  "payloads-template-definition-ref": definitionFlag,
  "payloads-template-instance-is-definition": definitionFlag,
  "payloads-template-instance-members": instanceMembers,
  "payloads-template-instance-members-birth": instanceComplete,
  "payloads-template-instance-ref": instanceRef,
  "payloads-template-is-definition": definitionFlag,
  "payloads-template-is-definition-definition": definitionFlag,
  "payloads-template-is-definition-instance": definitionFlag,
  "payloads-template-parameter-name-required": parameterNames,
  "payloads-template-parameter-name-type": parameterNames,
  "payloads-template-parameter-type-req": parameterTypes,
  "payloads-template-parameter-type-value": parameterTypes,
  "payloads-template-parameter-value": parameterValues,
  "payloads-template-parameter-value-type": parameterTypes,
  "payloads-template-ref-definition": definitionFlag,
  "payloads-template-ref-instance": instanceRef,
  "payloads-template-version": templateVersion,
  "payloads-timestamp-in-UTC": (r) => ["NBIRTH", "DBIRTH", "NDATA", "DDATA"].forEach((type) => timestamp(type)(r)),
  "principles-birth-certificates-order": birthFirst,
  "principles-persistence-clean-session-311": cleanSession,
  "principles-persistence-clean-session-50": cleanSession,
  "principles-rbe-recommended": onlyChanges,
  "topic-structure": structure,
  "topic-structure-namespace-a": namespace,
  "topic-structure-namespace-device-id-associated-message-types": deviceIds,
  "topic-structure-namespace-device-id-non-associated-message-types": deviceIds,
  "topic-structure-namespace-unique-device-id": aliasUnique,
  "topics-dbirth-metric-reqs": complete("DBIRTH"),
  "topics-dbirth-metrics": values("DBIRTH"),
  "topics-dbirth-mqtt": mqtt("DBIRTH"),
  "topics-dbirth-seq": seqIncrements("DBIRTH"),
  "topics-dbirth-timestamp": timestamp("DBIRTH"),
  "topics-dbirth-topic": topicOf("DBIRTH"),
  "topics-ddata-mqtt": mqtt("DDATA"),
  "topics-ddata-payload": changesSent,
  "topics-ddata-seq-num": seqIncrements("DDATA"),
  "topics-ddata-timestamp": timestamp("DDATA"),
  "topics-ddata-topic": topicOf("DDATA"),
  "topics-ddeath-mqtt": mqtt("DDEATH"),
  "topics-ddeath-seq-num": seqIncrements("DDEATH"),
  "topics-ddeath-topic": topicOf("DDEATH"),
  "topics-nbirth-bdseq-included": bdSeqMatches,
  "topics-nbirth-bdseq-increment": willBdSeq,
  "topics-nbirth-bdseq-matching": bdSeqMatches,
  "topics-nbirth-metric-reqs": complete("NBIRTH"),
  "topics-nbirth-metrics": values("NBIRTH"),
  "topics-nbirth-mqtt": mqtt("NBIRTH"),
  "topics-nbirth-rebirth-metric": rebirthMetric,
  "topics-nbirth-seq-num": counts,
  "topics-nbirth-templates": definitionsInBirth,
  "topics-nbirth-timestamp": timestamp("NBIRTH"),
  "topics-nbirth-topic": topicOf("NBIRTH"),
  "topics-ndata-mqtt": mqtt("NDATA"),
  "topics-ndata-payload": (r) =>
    every(after(r, "writes", "rebirth", "NDATA"), ({ metrics }) => metrics[0]!["string_value"] === "manual"),
  "topics-ndata-seq-num": seqIncrements("NDATA"),
  "topics-ndata-timestamp": timestamp("NDATA"),
  "topics-ndata-topic": topicOf("NDATA"),
  "topics-ndeath-payload": deathContent,
  "topics-ndeath-seq": noSeq,
  "topics-ndeath-topic": topicOf("NDEATH"),
};
