import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import embedded from "../../nodes/fplus-embedded-broker/fplus-embedded-broker.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import simulator from "../../nodes/fplus-opcua-simulator/fplus-opcua-simulator.ts";
import write from "../../nodes/fplus-opcua-write/fplus-opcua-write.ts";
import command from "../../nodes/fplus-sparkplug-command/fplus-sparkplug-command.ts";
import device from "../../nodes/fplus-sparkplug-device/fplus-sparkplug-device.ts";
import edge from "../../nodes/fplus-sparkplug-edge/fplus-sparkplug-edge.ts";
import host from "../../nodes/fplus-sparkplug-host/fplus-sparkplug-host.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, type TestNode, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

test("what a host writes goes through Sparkplug to the OPC UA server, and its data confirm it", async (t) => {
  const [mqtt, opcua] = await freePorts(2);
  const wear = { device: "Press01", metric: "Condition/ToolWear", nodeId: "ns=1;s=Press01.Condition.ToolWear" };
  const node = await loadFlow(
    temporaryFolder(t),
    [embedded, broker, endpoint, read, simulator, write, command, device, edge, host],
    [
      { id: "eb", type: "fplus-embedded-broker", enabled: "on", host: "127.0.0.1", port: String(mqtt) },
      {
        id: "s",
        type: "fplus-opcua-simulator",
        enabled: "on",
        host: "127.0.0.1",
        port: String(opcua),
        tags: "169",
        rateMs: "200",
        seed: "1",
      },
      { id: "b", type: "fplus-broker", url: `mqtt://127.0.0.1:${mqtt}` },
      { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url: `opc.tcp://127.0.0.1:${opcua}/fplus` },
      { id: "e", type: "fplus-sparkplug-edge", group: "W", edgeNode: "N", broker: "b", spoolMegabytes: "1" },
      { id: "h", type: "fplus-sparkplug-host", host: "WH", broker: "b", groups: "W" },
      {
        id: "r",
        type: "fplus-opcua-read",
        endpoint: "p",
        source: "table",
        tags: [wear],
        mode: "subscribe",
        output: "batch",
        wires: [["d"]],
      },
      { id: "d", type: "fplus-sparkplug-device", edge: "e", device: "", wires: [["w"]] },
      { id: "w", type: "fplus-opcua-write", endpoint: "p", target: "", wires: [["written"]] },
      {
        id: "c",
        type: "fplus-sparkplug-command",
        host: "h",
        metric: "W/N/Press01/Condition/ToolWear",
        timeoutSeconds: "5",
        wires: [["done"]],
      },
      { id: "written", type: "helper" },
      { id: "done", type: "helper" },
    ],
  );
  const heard: Record<string, unknown>[] = [];
  const results: unknown[] = [];
  node("done").on("input", (msg) => heard.push(msg));
  node("written").on("input", (msg) => results.push(msg["results"]));
  const members = () => processHealth.snapshot().find(({ name }) => name === "WH")?.members ?? [];
  await until("the device", () => members().some(({ name, state }) => name === "W/N/Press01" && state === "online"));
  node("c").receive({ payload: "37.5" });
  await until("confirmed", () => heard.length === 1);
  assert.deepEqual([heard[0]!["payload"], heard[0]!["confirmed"]], [37.5, true]);
  assert.deepEqual(results, [
    [{ target: "Press01/Condition/ToolWear", nodeId: wear.nodeId, ok: true, status: "Good" }],
  ]);

  node("w").receive({ payload: { "Press01/Condition/ToolWear": 500, "ns=1;s=Press01.Temperature": 1 } });
  const errors = () => (Object.getPrototypeOf(node("w")) as TestNode).error.args.map(([first]) => String(first));
  await until("errors", () => errors().some((text) => text.includes("opcua.write")));
  assert.match(
    errors().join("\n"),
    /opcua\.write: not written: Press01\/Condition\/ToolWear: 500 is outside of 0 … 100; ns=1;s=Press01\.Temperature: BadNotWritable/,
  );
});
