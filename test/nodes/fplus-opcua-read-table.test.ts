import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, afterEach, test, type TestContext } from "node:test";
import type { NodeAPI } from "node-red";
import { processLeases } from "../../lib/plant/index.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, redeploy, type TestNode, unloadFlow } from "../support/nodes.ts";
import { COUNTER_NAMESPACE, startTestServer, type TestServer } from "../support/opcua-server.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

const catchNode = createRequire(import.meta.url)("@node-red/nodes/core/common/25-catch.js") as (RED: NodeAPI) => void;

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

interface Row {
  readonly device: string;
  readonly metric: string;
  readonly nodeId: string;
}

function row(i: number, device = "Press"): Row {
  return { device, metric: `M${i}`, nodeId: `nsu=${COUNTER_NAMESPACE};s=Count${i}` };
}

interface Rig {
  readonly server: TestServer;
  readonly flow: readonly object[];
  readonly reader: () => TestNode;
  /** Topics that came since the last call. */
  readonly heard: () => Set<unknown>;
  /** `Press online`, in their order. */
  readonly states: string[];
  readonly caught: { code: string; field: string; message: string }[];
  readonly status: () => string;
}

async function start(t: TestContext, more: object, folder = temporaryFolder(t)): Promise<Rig> {
  const [port] = await freePorts(1);
  const server = await startTestServer({ port: port!, tags: 20, periodMs: 50 });
  t.after(() => server.close());
  return { server, ...(await load(folder, server, more)) };
}

async function load(folder: string, server: TestServer, more: object): Promise<Omit<Rig, "server">> {
  const flow = [
    { id: "tab", type: "tab", label: "f" },
    { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url: server.url },
    {
      id: "r",
      z: "tab",
      type: "fplus-opcua-read",
      endpoint: "p",
      mode: "subscribe",
      publishingMs: "50",
      output: "value",
      wires: [["values"], ["states"]],
      ...more,
    },
    { id: "values", z: "tab", type: "helper" },
    { id: "states", z: "tab", type: "helper" },
    { id: "c", z: "tab", type: "catch", scope: ["r"], wires: [["caught"]] },
    { id: "caught", z: "tab", type: "helper" },
  ];
  const node = await loadFlow(folder, [endpoint, read, catchNode], flow);
  let topics = new Set<unknown>();
  const states: string[] = [];
  const caught: Rig["caught"] = [];
  node("values").on("input", ({ topic }) => topics.add(topic));
  node("states").on("input", ({ payload }) => {
    const { device, state } = payload as { device: string; state: string };
    states.push(`${device} ${state}`);
  });
  node("caught").on("input", ({ error }) => {
    const { message, cause } = error as { message: string; cause: { code: string; field: string } };
    caught.push({ message, code: cause.code, field: cause.field });
  });
  return {
    flow,
    reader: () => node("r"),
    heard: () => {
      const before = topics;
      topics = new Set();
      return before;
    },
    states,
    caught,
    status: () => String((node("r").status.args.at(-1)?.[0] as { text?: string } | undefined)?.text),
  };
}

/** Waits until just these topics come. */
async function only(rig: Pick<Rig, "heard">, ...topics: string[]): Promise<void> {
  await until(`only ${topics.join()}`, async () => {
    rig.heard();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const now = rig.heard();
    return now.size === topics.length && topics.every((topic) => now.has(topic));
  });
}

test("a reader that waits for its table reads what a message brings, and touches only what changes", async (t) => {
  const rig = await start(t, { source: "message" });
  await until("waiting", () => rig.status() === "waits for a table of tags");
  rig.reader().receive({ tags: [row(0), row(1), row(2, "Oven")] });
  await only(rig, "PLC/Press/M0", "PLC/Press/M1", "PLC/Oven/M2");
  assert.deepEqual(rig.states.toSorted(), ["Oven online", "Press online"]);

  const before = rig.server.requests.served.length;
  const csv = `device,metric,nodeId\nPress,M0,"${row(0).nodeId}"\nPress,M3,"${row(3).nodeId}"\n`;
  rig.reader().receive({ payload: csv });
  await only(rig, "PLC/Press/M0", "PLC/Press/M3");
  const asked = rig.server.requests.served.slice(before);
  const count = (request: string): number =>
    asked.filter((one) => one.request === request).reduce((sum, { operations }) => sum + operations.length, 0);
  assert.deepEqual(
    [count("CreateMonitoredItemsRequest"), count("DeleteMonitoredItemsRequest")],
    [1, 2],
    "M3 was made, M1 and M2 were taken away, M0 was left alone",
  );
  assert.equal(rig.server.subscriptions, 1);
  assert.deepEqual(rig.states.slice(2), ["Oven offline"]);
  await until("the status", () => rig.status().startsWith("2 tags · "));

  rig.reader().receive({ tags: [] });
  await only(rig);
  assert.equal(rig.states.at(-1), "Press offline");
  assert.deepEqual(rig.caught, []);
});

test("what is no table is refused by its field; of one with mistakes the good rows are read", async (t) => {
  const rig = await start(t, { source: "table", tags: [row(0)] });
  await only(rig, "PLC/Press/M0");
  const refused = async (msg: Record<string, unknown>): Promise<Rig["caught"][number]> => {
    const told = rig.caught.length;
    rig.reader().receive(msg);
    await until("an error", () => rig.caught.length > told);
    return rig.caught.at(-1)!;
  };
  for (const payload of [undefined, 7, { device: "D" }, Buffer.from("x")])
    assert.deepEqual((await refused({ payload })).field, "payload");
  assert.equal((await refused({ tags: null, payload: [row(1)] })).field, "tags");
  assert.equal((await refused({ tags: [{ ...row(1), nodeId: "nonsense" }] })).field, "tags[0].nodeId");
  assert.equal((await refused({ tags: [null, 5, "x"] })).field, "tags[0].");
  assert.equal((await refused({ payload: "nothing, of use" })).field, "line 1");
  assert.match(
    (await refused({ tags: Array.from({ length: 100_001 }) })).message,
    /100001 rows; 100000 rows are taken/,
  );
  for (const wrong of [{ queueSize: 1e300 }, { samplingMs: Infinity }, { unit: {} }, { hierarchy: "Line1" }])
    assert.equal((await refused({ tags: [{ ...row(1), ...wrong }] })).field, `tags[0].${Object.keys(wrong)[0]}`);
  await only(rig, "PLC/Press/M0");

  const half = await refused({ tags: [row(4), { ...row(5), device: "a/b" }, row(6)] });
  assert.deepEqual([half.code, half.field], ["opcua.tag-table", "tags[1].device"]);
  await only(rig, "PLC/Press/M4", "PLC/Press/M6");
  rig.reader().receive({ reset: true });
  await only(rig, "PLC/Press/M0");
});

test("the table of a message is there after a redeploy and a restart, where the reader waits for one", async (t) => {
  const folder = temporaryFolder(t);
  const rig = await start(t, { source: "message", output: "batch" }, folder);
  const table = [row(1), row(2)];
  rig.reader().receive({ tags: table });
  await until("reading", () => rig.status().startsWith("2 tags · "));
  await redeploy(rig.flow, "full");
  await until("reading after a redeploy", () => rig.status().startsWith("2 tags · "));
  await unloadFlow();
  await processLeases.closeAll();
  const again = await load(folder, rig.server, { source: "message" });
  await only(again, "PLC/Press/M1", "PLC/Press/M2");
  again.reader().receive({ reset: true });
  await until("waiting again", () => again.status() === "waits for a table of tags");
});

test("a table takes the place of all that the server has, and its devices are told as gone", async (t) => {
  const rig = await start(t, { source: "discover", limit: "100" });
  await until("all", () => rig.states.includes("Counter1 online") && rig.status().startsWith("20 tags · "));
  rig.reader().receive({ tags: [row(7)] });
  await only(rig, "PLC/Press/M7");
  await until("both", () => rig.states.length === 3);
  assert.deepEqual(rig.states.slice(1).toSorted(), ["Counter1 offline", "Press online"]);
});

test("a field that is wrong leaves nothing running: the node names it, and takes no table", async (t) => {
  const [port] = await freePorts(1);
  const server = await startTestServer({ port: port! });
  t.after(() => server.close());
  const rig = await load(temporaryFolder(t), server, { source: "message", publishingMs: "wrong" });
  await until("the status", () => rig.status().startsWith("publishingMs:"));
  rig.reader().receive({ tags: [row(0)] });
  await until("the message at the Catch node", () => rig.caught.length > 0);
  // Whatever still looked after its devices would do so twice a second.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.deepEqual(
    [rig.states, rig.caught.map(({ code, field }) => [code, field])],
    [[], [["config.invalid", "publishingMs"]]],
  );
});
