import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { PlantModel } from "../../lib/opcua/simulator/plant-model.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import simulator from "../../nodes/fplus-opcua-simulator/fplus-opcua-simulator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, redeploy, type TestNode, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

/** What a node says in the log from now on. */
function listenTo(node: TestNode): string[] {
  const said: string[] = [];
  Object.assign(node, { error: (text: unknown) => said.push(String(text)) });
  return said;
}

function simulatorOf(port: number, more: object): object {
  return {
    id: "sim",
    type: "fplus-opcua-simulator",
    enabled: "on",
    port: String(port),
    tags: "6",
    rateMs: "20",
    seed: "1",
    ...more,
  };
}

test("after a redeploy the simulator goes on, and its errors are told by the node that is there now", async (t) => {
  const [port] = await freePorts(1);
  const node = await loadFlow(temporaryFolder(t), [simulator], [simulatorOf(port!, { name: "before" })]);
  const part = () => processHealth.snapshot().find(({ kind }) => kind === "opcua-simulator");
  await until("running", () => part()?.status === "up");
  const changes = part()!.counters["changes"]!;
  const former = listenTo(node("sim"));
  await redeploy([simulatorOf(port!, { name: "after" })]);
  await until("the same server", () => part()?.name === "after" && part()!.counters["changes"]! > changes);
  const present = listenTo(node("sim"));
  t.mock.method(PlantModel.prototype, "step", () => {
    throw new Error("the plant stumbles");
  });
  await until("the error", () => present.some((text) => text.includes("the plant stumbles")));
  assert.deepEqual(former, []);
});
