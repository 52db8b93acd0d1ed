import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DataType, type Namespace, Variant } from "node-opcua";
import { AddressSpace, type Endpoint, expandTemplates, type Tag } from "../../../lib/opcua/index.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { startLineServer } from "./line-server.ts";
import { openEndpoint, openSimulator } from "./rig.ts";

async function up(t: TestContext, url: string): Promise<{ endpoint: Endpoint; space: AddressSpace }> {
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("the session", () => endpoint.state === "up");
  const space = new AddressSpace(endpoint);
  t.after(() => space.close());
  return { endpoint, space };
}

/** Opens one node after the other, by their names. */
async function open(space: AddressSpace, ...names: string[]): Promise<string> {
  let at = "i=85";
  for (const name of names) {
    const { nodes } = await space.children(at, 0, 1000);
    at = nodes.find((node) => node.name === name)!.nodeId;
    assert.ok(at, name);
  }
  return at;
}

const LINE = ["Acme", "Sheffield", "Machining", "Line1"] as const;

test("the tree shows objects with their types, variables and methods, and the values of now", async (t) => {
  const { url } = await openSimulator(t, 169);
  const { space } = await up(t, url);
  const top = await space.children("i=85", 0, 100);
  assert.ok(
    top.nodes.some(({ name }) => name === "Server"),
    "the server's own objects are there too",
  );
  const { nodes } = await space.children(await open(space, ...LINE), 0, 100);
  assert.deepEqual(nodes[0], {
    nodeId: "ns=1;s=Press01",
    name: "Press01",
    nodeClass: "object",
    type: "PressType",
    open: true,
  });
  assert.equal(nodes.length, 6);
  const press = await space.children("ns=1;s=Press01", 0, 100);
  const kinds = new Map(press.nodes.map(({ name, nodeClass, open: isOpen }) => [name, `${nodeClass} ${isOpen}`]));
  assert.deepEqual(
    [kinds.get("Temperature"), kinds.get("Production"), kinds.get("ResetFault")],
    ["variable false", "object true", "method false"],
  );
  const [temperature, state, missing] = await space.values([
    "ns=1;s=Press01.Temperature",
    "ns=1;s=Press01.State",
    "ns=1;s=Nobody",
  ]);
  assert.match(temperature!.text, /^\d+(\.\d+)?$/);
  assert.deepEqual([temperature!.type, temperature!.quality], ["Double", "good"]);
  assert.match(state!.text, /^(Off|Warming up|Running|Idle|Fault)$/);
  assert.deepEqual([missing!.text, missing!.quality, missing!.status], ["", "bad", "BadNodeIdUnknown"]);
  await assert.rejects(space.children("ns=1;s=Nobody", 0, 10), { code: "opcua.node-unknown" });
});

test("a folder with thousands of nodes is given in pages, though the server gives it in pieces", async (t) => {
  const [port] = await freePorts(1);
  const server = await startLineServer(t, port!, ["urn:wide"], addWide);
  const { endpoint, space } = await up(t, server.url);
  await endpoint.withSession(async (session) => void (session.requestedMaxReferencesPerNode = 100));
  const wide = await open(space, "Wide");
  const first = await space.children(wide, 0, 500);
  const last = await space.children(wide, 2000, 500);
  assert.deepEqual([first.total, first.nodes.length, last.nodes.length], [2500, 500, 500]);
  assert.equal(new Set([...first.nodes, ...last.nodes].map(({ nodeId }) => nodeId)).size, 1000);
  const tags = await space.tags([{ nodeId: wide, below: true }]);
  assert.equal(tags.length, 2500);
});

function addWide(namespace: Namespace): void {
  const wide = namespace.addObject({ organizedBy: namespace.addressSpace.rootFolder.objects, browseName: "Wide" });
  for (let i = 0; i < 2500; i++) {
    namespace.addVariable({
      componentOf: wide,
      browseName: `V${i}`,
      description: i === 77 ? "Oil pressure of the gearbox" : "",
      dataType: DataType.Double,
      value: new Variant({ dataType: DataType.Double, value: i }),
    });
  }
}

test("search finds by name, path and description while it walks, and stops when it is closed", async (t) => {
  const [port] = await freePorts(1);
  const server = await startLineServer(t, port!, ["urn:wide"], addWide);
  const { space } = await up(t, server.url);
  assert.deepEqual(space.search("gearbox").hits, []);
  await until("the hit", () => space.search("GEARBOX oil").hits.length === 1);
  const [hit] = space.search("gearbox").hits;
  assert.deepEqual([hit!.name, hit!.path, hit!.nodeClass], ["V77", "Wide", "variable"]);
  await until("the whole tree", () => space.search("").complete);
  const wide = space.search("wide v1");
  assert.ok(wide.matches > 200 && wide.hits.length === 200);
  const [tag] = await space.tags([{ nodeId: hit!.nodeId }]);
  assert.deepEqual([tag!.device, tag!.metric], ["Wide", "V77"]);
  assert.match(tag!.nodeId, /^nsu=urn:wide;i=\d+$/);

  const other = new AddressSpace((await up(t, server.url)).endpoint);
  other.search("x");
  other.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(other.search("x").visited, 0);
});

test("chosen nodes become tags as discovery names them, by NodeId or by path", async (t) => {
  const { url } = await openSimulator(t, 169);
  const { space } = await up(t, url);
  const press = await open(space, ...LINE, "Press01");
  const [load] = (await space.children(press, 0, 100)).nodes.filter(({ name }) => name === "Load");
  assert.deepEqual(await space.tags([{ nodeId: load!.nodeId }]), [
    { device: "Press01", metric: "Load", nodeId: "ns=1;s=Press01.Load", hierarchy: [...LINE], unit: "%" },
  ]);
  const below = await space.tags([{ nodeId: load!.nodeId }, { nodeId: press, below: true }], { by: "path" });
  assert.equal(new Set(below.map(({ metric }) => metric)).size, below.length);
  assert.ok(below.length > 15);
  assert.equal(below[0]!.nodeId, "/Objects/1:Acme/1:Sheffield/1:Machining/1:Line1/1:Press01/1:Load");
});

test("a template is worked out for every device of its type; what is missing is said", async (t) => {
  const { url } = await openSimulator(t, 900);
  const { endpoint, space } = await up(t, url);
  const press = await open(space, ...LINE, "Press01");
  const rows = await space.tags([{ nodeId: press, below: true }], { template: press });
  const row = rows.find(({ metric }) => metric === "Energy/Power")!;
  assert.deepEqual(row, {
    device: "PressType",
    metric: "Energy/Power",
    nodeId: "/1:Energy/1:Power",
    type: row.type,
    unit: "kW",
  });
  const acme = await open(space, "Acme");
  await assert.rejects(space.tags([{ nodeId: acme, below: true }], { template: acme }), {
    code: "opcua.node-unknown",
  });
  const table: Tag[] = [
    { ...row, samplingMs: 250 },
    { device: "PressType", metric: "Nothing", nodeId: "/1:Nothing", type: row.type! },
    { device: "Ghost", metric: "M", nodeId: "/1:M", type: "ns=1;i=999999" },
    { device: "Press01", metric: "Load", nodeId: "ns=1;s=Press01.Load" },
  ];
  const { tags, gaps } = await endpoint.withSession((session, limits, opcua) =>
    expandTemplates(session, limits, opcua, table),
  );
  const powers = tags.filter(({ metric }) => metric === "Energy/Power");
  assert.ok(powers.length >= 2);
  assert.deepEqual(powers[0], {
    device: "Press01",
    metric: "Energy/Power",
    nodeId: "ns=1;s=Press01.Energy.Power",
    unit: "kW",
    samplingMs: 250,
    hierarchy: [...LINE],
  });
  assert.deepEqual(powers.map(({ device }) => device).slice(0, 2), ["Press01", "Press02"]);
  assert.ok(tags.some(({ nodeId }) => nodeId === "ns=1;s=Press01.Load"));
  assert.equal(gaps[0], "the server has no Ghost (ns=1;i=999999)");
  assert.match(gaps[1]!, /^Press01 has no Nothing: /);
  assert.equal(gaps.length, 1 + powers.length);
});
