import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import type { NodeAPI } from "node-red";
import { AddressSpace } from "../../lib/opcua/index.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import { BrowseSessions } from "../../nodes/fplus-opcua-endpoint/browse-sessions.ts";
import { type EditedEndpoint, optionsOfEdited } from "../../nodes/fplus-opcua-endpoint/edited-endpoint.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import { openEndpoint, openSimulator } from "../lib/opcua/rig.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, unloadFlow } from "../support/nodes.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

/** A Node-RED that has one endpoint deployed, as far as the tree's questions go. */
function editorOf(folder: string, deployed: { id: string; url: string }, service?: object): NodeAPI {
  return {
    settings: { userDir: folder },
    nodes: {
      getNode: (id: string) => (id === deployed.id && service !== undefined ? { fplusService: service } : null),
      getCredentials: (id: string) => (id === deployed.id ? { username: "operator", password: "stored" } : undefined),
      eachNode: (visit: (node: object) => void) => visit({ ...deployed, type: "fplus-opcua-endpoint" }),
    },
  } as unknown as NodeAPI;
}

const NONE = { name: "", securityMode: "None", securityPolicy: "None" } as const;

test("a stored password goes to the stored address only", (t) => {
  const RED = editorOf(temporaryFolder(t), { id: "e", url: "opc.tcp://plc:4840" });
  const edited = { ...NONE, id: "e", url: "opc.tcp://plc:4840" };
  assert.deepEqual(optionsOfEdited(RED, edited).user, { name: "operator", password: "stored" });
  assert.equal(optionsOfEdited(RED, { ...edited, url: "opc.tcp://elsewhere:4840" }).user, undefined);
  assert.equal(optionsOfEdited(RED, { ...edited, id: "new" }).user, undefined);
  const typed = { ...edited, url: "opc.tcp://elsewhere:4840", credentials: { username: "u", password: "typed" } };
  assert.deepEqual(optionsOfEdited(RED, typed).user, { name: "u", password: "typed" });
});

test("an endpoint that nobody deployed is looked through over a connection of its own, which ends with the dialog", async (t) => {
  const { url, simulator } = await openSimulator(t, 169);
  const sessions = new BrowseSessions(editorOf(temporaryFolder(t), { id: "other", url: "opc.tcp://plc:4840" }));
  const edited: EditedEndpoint = { ...NONE, id: "new", url };
  const id = await sessions.open(edited);
  assert.equal(simulator.sessions, 1);
  assert.ok((await sessions.get(id).children("i=85", 0, 10)).total > 2);
  const more = await Promise.allSettled([sessions.open(edited), sessions.open(edited)]);
  const refused = more.filter((one) => one.status === "rejected");
  assert.ok(refused.length > 0 && refused.every(({ reason }) => /Too many connections/.test(String(reason))));
  for (const one of more) if (one.status === "fulfilled") await sessions.close(one.value);
  await sessions.close(id);
  await until("nothing left on the server", () => simulator.sessions === 0);
  assert.throws(() => sessions.get(id), { code: "config.missing" });
  await assert.rejects(
    new Promise((resolve) => setTimeout(resolve, 600)).then(() =>
      sessions.open({ ...edited, url: "opc.tcp://127.0.0.1:1/none" }),
    ),
    { code: "opcua.unreachable" },
  );
});

test("a template for each of the six machines of a line is read from each", async (t) => {
  const { url } = await openSimulator(t, 169);
  const probe = openEndpoint(t, url);
  probe.start();
  await until("the session", () => probe.state === "up");
  const space = new AddressSpace(probe);
  let at = "i=85";
  for (const name of ["Acme", "Sheffield", "Machining", "Line1"])
    at = (await space.children(at, 0, 100)).nodes.find((node) => node.name === name)!.nodeId;
  const machines = (await space.children(at, 0, 100)).nodes;
  assert.equal(machines.length, 6);
  const tags = [];
  for (const { nodeId } of machines) {
    const [temperature] = (await space.children(nodeId, 0, 100)).nodes.filter(({ name }) => name === "Temperature");
    tags.push(...(await space.tags([{ nodeId: temperature!.nodeId }], { template: nodeId })));
  }
  space.close();
  assert.equal(new Set(tags.map(({ type }) => type)).size, 6);
  const node = await loadFlow(
    temporaryFolder(t),
    [endpoint, read],
    [
      { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url },
      { id: "r", type: "fplus-opcua-read", endpoint: "p", source: "table", tags, output: "value", wires: [["v"], []] },
      { id: "v", type: "helper" },
    ],
  );
  const heard = new Set<unknown>();
  node("v").on("input", ({ topic }) => heard.add(topic));
  await until("every machine", () => heard.size === 6);
  assert.deepEqual(heard, new Set(machines.map(({ name }) => `PLC/${name}/Temperature`)));
  assert.ok(processHealth.snapshot().some(({ name, status }) => name === "PLC" && status === "up"));
});
