import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import type { BrowsedNode } from "../../lib/opcua/index.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import browse from "../../nodes/fplus-opcua-browse/fplus-opcua-browse.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import { openSimulator } from "../lib/opcua/rig.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

const PRESS = "/Objects/1:Acme/1:Sheffield/1:Machining/1:Line1/1:Press01";

test("a flow lists children, all variables with their values, a part at a time, and is told what is not there", async (t) => {
  const { url } = await openSimulator(t, 169);
  const common = { z: "tab", type: "fplus-opcua-browse", endpoint: "p", start: "", filter: "", depth: "20" };
  const node = await loadFlow(
    temporaryFolder(t),
    [endpoint, browse],
    [
      { id: "tab", type: "tab" },
      { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url },
      { ...common, id: "near", what: "children", values: false, limit: "1000", wires: [["c"]] },
      { ...common, id: "deep", what: "variables", values: true, limit: "7", wires: [["v"]] },
      { id: "c", z: "tab", type: "helper" },
      { id: "v", z: "tab", type: "helper" },
      { id: "ct", z: "tab", type: "catch", scope: null, wires: [["errors"]] },
      { id: "errors", z: "tab", type: "helper" },
    ],
  );
  await until("the session", () =>
    processHealth.snapshot().some(({ name, status }) => name === "PLC" && status === "up"),
  );

  let heard = nextMessage(node("c"));
  node("near").receive({ topic: "kept", payload: PRESS });
  const answer = await heard;
  assert.equal(answer["topic"], "kept");
  const children = answer["payload"] as BrowsedNode[];
  const temperature = children.find(({ name }) => name === "Temperature")!;
  assert.deepEqual(temperature, {
    nodeId: "ns=1;s=Press01.Temperature",
    name: "Temperature",
    browseName: "1:Temperature",
    path: `${PRESS}/1:Temperature`,
    class: "variable",
    type: temperature.type,
    depth: 1,
  });
  assert.deepEqual(new Set(children.map((child) => child.class)), new Set(["object", "variable", "method"]));

  heard = nextMessage(node("c"));
  node("near").receive({ payload: 1_700_000_000_000 });
  assert.ok(((await heard)["payload"] as BrowsedNode[]).some(({ path }) => path === "/Objects/1:Acme"));

  const all: BrowsedNode[] = [];
  let message: Record<string, unknown> = { payload: "ns=1;s=Press01" };
  for (let round = 0; round < 20; round++) {
    heard = nextMessage(node("v"));
    node("deep").receive(message);
    const { payload, offset } = await heard;
    all.push(...(payload as BrowsedNode[]));
    if (offset === undefined) break;
    assert.equal((payload as BrowsedNode[]).length, 7);
    message = { payload: "ns=1;s=Press01", offset };
  }
  assert.ok(all.length > 15);
  assert.equal(new Set(all.map(({ nodeId }) => nodeId)).size, all.length);
  const power = all.find(({ path }) => path === "/1:Energy/1:Power")!;
  assert.deepEqual([power.valueType, power.quality, typeof power.value, power.depth], ["Double", "good", "number", 2]);
  assert.match(String(all.find(({ name }) => name === "State")!.value), /^(Off|Warming up|Running|Idle|Fault)$/);

  heard = nextMessage(node("v"));
  node("deep").receive({ payload: PRESS, filter: "bearing TEMP" });
  assert.deepEqual(
    ((await heard)["payload"] as BrowsedNode[]).map(({ name }) => name),
    ["BearingTemperature"],
  );

  for (const [wrong, said] of [
    [{ payload: `${PRESS}/1:Nothing` }, /opcua\.node-unknown.*1:Nothing is not there below 1:Press01/],
    [{ payload: "ns=1;s=Nothing" }, /opcua\.node-unknown.*has no node/],
    [{ payload: PRESS, offset: -1 }, /config\.invalid.*offset/],
  ] as const) {
    heard = nextMessage(node("errors"));
    node("deep").receive(wrong);
    assert.match(JSON.stringify((await heard)["error"]), said);
  }
});
