import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, redeploy, unloadFlow } from "../support/nodes.ts";
import { COUNTER_NAMESPACE, startTestServer } from "../support/opcua-server.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

test("another address: the former server is left with nothing, the new one is read by the same tags", async (t) => {
  const ports = await freePorts(2);
  const [one, two] = await Promise.all(ports.map((port) => startTestServer({ port })));
  t.after(() => Promise.all([one!.close(), two!.close()]));
  const flow = (url: string): object[] => [
    { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url },
    {
      id: "r",
      type: "fplus-opcua-read",
      endpoint: "p",
      source: "table",
      tags: [{ device: "Counter1", metric: "Count", nodeId: `nsu=${COUNTER_NAMESPACE};s=Count0` }],
      publishingMs: "50",
      output: "value",
      wires: [["v"], []],
    },
    { id: "v", type: "helper" },
  ];
  const node = await loadFlow(temporaryFolder(t), [endpoint, read], flow(one!.url));
  let heard = 0;
  const listen = (): void => node("v").on("input", () => heard++);
  listen();
  await until("values of the first", () => heard > 3);
  assert.deepEqual([one!.sessions, two!.sessions], [1, 0]);
  await redeploy(flow(two!.url));
  await until("the first one left", () => one!.sessions + one!.subscriptions + one!.channels === 0);
  heard = 0;
  listen();
  await until("values of the second", () => heard > 3);
  assert.deepEqual([two!.sessions, two!.subscriptions], [1, 1]);
  const parts = processHealth.snapshot().filter(({ kind }) => kind === "opcua-endpoint");
  assert.deepEqual(
    parts.map(({ detail }) => detail),
    [two!.url],
  );
});
