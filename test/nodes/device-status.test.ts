import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { openLink } from "../../lib/broker/index.ts";
import { processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import topics from "../../nodes/fplus-device-topics/fplus-device-topics.ts";
import embedded from "../../nodes/fplus-embedded-broker/fplus-embedded-broker.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import simulator from "../../nodes/fplus-opcua-simulator/fplus-opcua-simulator.ts";
import { startCounter } from "../support/counter.ts";
import { temporaryFolder } from "../support/folder.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { loadFlow, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

interface State {
  readonly status: string;
  readonly since: string;
  readonly reason?: string;
}

test("frozen, broken and mended machines, and a killed server: on MQTT within seconds, with the reason", async (t) => {
  const [mqtt, opcua, counter] = await freePorts(3);
  // A real broker where there is one.
  const isReal = mosquittoProgram !== undefined && mosquittoProgram !== "";
  if (isReal) {
    const real = await startMosquitto(temporaryFolder(t), mqtt!);
    t.after(() => real.stop());
  }
  const server = await startCounter(counter!, 5, 100);
  t.after(() => server.stop("SIGKILL"));
  const reader = {
    type: "fplus-opcua-read",
    source: "discover",
    limit: "1000",
    mode: "subscribe",
    output: "batch",
    staleSeconds: "2",
    wires: [[], ["topics"]],
  };
  const node = await loadFlow(
    temporaryFolder(t),
    [embedded, broker, simulator, endpoint, read, topics],
    [
      {
        id: "eb",
        type: "fplus-embedded-broker",
        enabled: isReal ? "off" : "on",
        host: "127.0.0.1",
        port: String(mqtt),
      },
      { id: "b", type: "fplus-broker", url: `mqtt://127.0.0.1:${mqtt}` },
      {
        id: "sim",
        type: "fplus-opcua-simulator",
        enabled: "on",
        port: String(opcua),
        tags: "60",
        rateMs: "200",
        seed: "1",
      },
      { id: "p1", type: "fplus-opcua-endpoint", name: "PLC1", url: `opc.tcp://127.0.0.1:${opcua}/fplus` },
      { id: "p2", type: "fplus-opcua-endpoint", name: "PLC2", url: server.url },
      { id: "r1", endpoint: "p1", ...reader },
      { id: "r2", endpoint: "p2", ...reader },
      { id: "topics", type: "fplus-device-topics", broker: "b", wills: "20" },
    ],
  );
  const states = new Map<string, State>();
  const link = openLink({ address: { url: `mqtt://127.0.0.1:${mqtt}` }, clientId: "operator" });
  link.subscribe("factory-plus/devices/+/status", 1, (topic, payload) => {
    states.set(topic.split("/")[2]!, JSON.parse(Buffer.from(payload).toString()) as State);
  });
  link.start();
  t.after(() => link.end());
  const reached = async (device: string, wanted: string): Promise<State> => {
    await until(`${device} ${wanted}`, () => states.get(device)?.status === wanted);
    return states.get(device)!;
  };
  await reached("Press01", "online");
  await reached("Device1", "online");
  await reached("Counter1", "online");

  const command = (topic: string): void => node("sim").receive({ topic, payload: "Press01" });
  const told: Record<string, number> = {};
  const measure = async (what: string, act: () => unknown, device: string, wanted: string): Promise<State> => {
    const from = performance.now();
    await act();
    const state = await reached(device, wanted);
    told[what] = Math.round(performance.now() - from);
    return state;
  };
  const broken = await measure("all values bad", () => command("break"), "Press01", "error");
  assert.equal(broken.reason, "BadCommunicationError");
  assert.ok(Math.abs(Date.now() - Date.parse(broken.since)) < 10_000);
  assert.equal(states.get("Device1")!.status, "online", "its neighbour works");
  const shown = (reader: string): string =>
    String((node(reader).status.args.at(-1)?.[0] as { text?: string } | undefined)?.text);
  await until("the same under the reader", () => shown("r1").endsWith(" · Press01 error"));
  await measure("mended", () => command("mend"), "Press01", "online");
  const frozen = await measure("frozen (2 s without a value)", () => command("freeze"), "Press01", "stale");
  assert.match(frozen.reason!, /^no value for \d s$/);
  await measure("mended again", () => command("mend"), "Press01", "online");
  const gone = await measure("server killed", () => server.stop("SIGKILL"), "Counter1", "offline");
  assert.ok(gone.reason);
  await until("the same under its reader", () => /^offline \d+ s · /.test(shown("r2")));
  assert.equal(states.get("Press01")!.status, "online");
  t.diagnostic(`from the event until MQTT shows it, ms: ${JSON.stringify(told)}`);
});

test("a command on MQTT comes out of the node, and is answered when the flow brings it back", async (t) => {
  const [mqtt] = await freePorts(1);
  const node = await loadFlow(
    temporaryFolder(t),
    [embedded, broker, topics],
    [
      { id: "eb", type: "fplus-embedded-broker", enabled: "on", host: "127.0.0.1", port: String(mqtt) },
      { id: "b", type: "fplus-broker", url: `mqtt://127.0.0.1:${mqtt}` },
      { id: "topics", type: "fplus-device-topics", broker: "b", wills: "0", commands: true, wires: [["machine"]] },
      { id: "machine", type: "helper" },
    ],
  );
  // The flow: a machine that takes a setpoint of up to 100, and a Catch node.
  node("machine").on("input", (msg) => {
    const isFine = Number(msg["payload"]) <= 100;
    node("topics").receive(isFine ? msg : { ...msg, error: { message: "too hot" } });
  });
  const replies: unknown[] = [];
  const link = openLink({ address: { url: `mqtt://127.0.0.1:${mqtt}` }, clientId: "operator" });
  const topic = "factory-plus/devices/Press01/commands/Setpoint";
  link.subscribe(`${topic}/reply`, 1, (_topic, payload) => replies.push(JSON.parse(Buffer.from(payload).toString())));
  link.start();
  t.after(() => link.end());
  await until("operator", () => link.connected);
  const send = (id: string, args: number) => link.publish(topic, JSON.stringify({ id, args, by: "anna" }), { qos: 1 });
  // The node may still be connecting: a command is for those who listen.
  await until("an answer", async () => {
    await send(`first ${Math.random()}`, 50);
    return replies.length > 0;
  });
  replies.length = 0;
  await send("a", 80);
  await send("b", 120);
  await until("both", () => replies.some((reply) => (reply as { id: string }).id === "b"));
  assert.deepEqual(
    replies.filter((reply) => /^[ab]$/.test((reply as { id: string }).id)),
    [
      { id: "a", ok: true, result: 80 },
      { id: "b", ok: false, error: "too hot" },
    ],
  );
});
