import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import embedded from "../../nodes/fplus-embedded-broker/fplus-embedded-broker.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import device from "../../nodes/fplus-sparkplug-device/fplus-sparkplug-device.ts";
import edge from "../../nodes/fplus-sparkplug-edge/fplus-sparkplug-edge.ts";
import host from "../../nodes/fplus-sparkplug-host/fplus-sparkplug-host.ts";
import { startCounter } from "../support/counter.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

test("a device whose server is gone is offline within seconds, with the reason, and online when it is back", async (t) => {
  const [mqtt, opcua] = await freePorts(2);
  let server = await startCounter(opcua!, 10, 100);
  t.after(() => server.stop());
  const node = await loadFlow(
    temporaryFolder(t),
    [embedded, broker, endpoint, read, device, edge, host],
    [
      { id: "eb", type: "fplus-embedded-broker", enabled: "on", host: "127.0.0.1", port: String(mqtt) },
      { id: "b", type: "fplus-broker", url: `mqtt://127.0.0.1:${mqtt}` },
      { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url: server.url },
      { id: "e", type: "fplus-sparkplug-edge", group: "L", edgeNode: "N", broker: "b", spoolMegabytes: "1" },
      { id: "h", type: "fplus-sparkplug-host", host: "LH", broker: "b", groups: "L" },
      {
        id: "r",
        type: "fplus-opcua-read",
        endpoint: "p",
        source: "discover",
        mode: "subscribe",
        output: "batch",
        wires: [["d"], ["d", "states"]],
      },
      { id: "d", type: "fplus-sparkplug-device", edge: "e", device: "", wires: [[]] },
      { id: "states", type: "helper" },
    ],
  );
  const states: { device: string; state: string; reason?: string }[] = [];
  node("states").on("input", (msg) => states.push(msg["payload"] as (typeof states)[number]));
  const state = () =>
    processHealth
      .snapshot()
      .find(({ name }) => name === "LH")
      ?.members?.find(({ name }) => name === "L/N/Counter1")?.state;
  await until("online", () => state() === "online");
  await server.stop("SIGKILL");
  await until("offline", () => state() === "offline");
  assert.deepEqual(
    states.slice(0, 2).map(({ device: name, state: told }) => [name, told]),
    [
      ["Counter1", "online"],
      ["Counter1", "offline"],
    ],
  );
  assert.ok(states[1]!.reason);
  server = await startCounter(opcua!, 10, 100);
  await until("online again", () => state() === "online");
  assert.equal(states.at(-1)?.state, "online");
});
