import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import device from "../../nodes/fplus-sparkplug-device/fplus-sparkplug-device.ts";
import edge from "../../nodes/fplus-sparkplug-edge/fplus-sparkplug-edge.ts";
import historian from "../../nodes/fplus-historian/fplus-historian.ts";
import write from "../../nodes/fplus-historian-write/fplus-historian-write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, nextMessage, type TestNode, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

/** What was logged as an error; the helper hears all nodes on the prototype that they share. */
const said = (node: TestNode): string[] =>
  (Object.getPrototypeOf(node) as TestNode).error.args.map(([first]) => String(first));

test("a spool that cannot be opened at the start is opened with the next message once it can", async (t) => {
  const user = temporaryFolder(t);
  const [port] = await freePorts(1);
  const blocked = path.join(user, "fplus/spool");
  mkdirSync(path.dirname(blocked), { recursive: true });
  writeFileSync(blocked, "a file where the folder should be");
  const node = await loadFlow(
    user,
    [historian, write],
    [
      { id: "w", type: "fplus-historian-write", historian: "h", wires: [["out"], []] },
      { id: "h", type: "fplus-historian", engine: "influx", url: `http://127.0.0.1:${port!}`, bucket: "b", org: "" },
      { id: "out", type: "helper" },
    ],
  );
  node("w").receive({ topic: "Line1/Press/Count", payload: 1 });
  await until("an error that names the folder", () =>
    said(node("w")).some((text) => text.includes("spool.io") && text.includes(blocked)),
  );
  rmSync(blocked);
  const answered = nextMessage(node("out"));
  node("w").receive({ topic: "Line1/Press/Count", payload: 2 });
  assert.deepEqual((await answered)["payload"], { written: 1, rejected: [], spooled: 1 });
});

test("an edge node whose spool cannot be opened at the start is opened with the next samples once it can", async (t) => {
  const user = temporaryFolder(t);
  const [port] = await freePorts(1);
  const blocked = path.join(user, "fplus/spool");
  mkdirSync(path.dirname(blocked), { recursive: true });
  writeFileSync(blocked, "a file where the folder should be");
  const node = await loadFlow(
    user,
    [broker, edge, device],
    [
      { id: "b", type: "fplus-broker", name: "Broker", url: `mqtt://127.0.0.1:${port!}` },
      {
        id: "e",
        type: "fplus-sparkplug-edge",
        group: "G",
        edgeNode: "N",
        broker: "b",
        primaryHost: "",
        spoolMegabytes: "1",
      },
      { id: "d", type: "fplus-sparkplug-device", edge: "e", device: "Press", wires: [[]] },
    ],
  );
  node("d").receive({ topic: "Temperature", payload: 1 });
  await until("an error that names the folder", () => said(node("d")).some((text) => text.includes(blocked)));
  rmSync(blocked);
  node("d").receive({ topic: "Temperature", payload: 2 });
  const kept = () =>
    processHealth.snapshot().find(({ kind }) => kind === "sparkplug-edge")?.gauges["spoolRecords"] ?? 0;
  await until("samples that are kept", () => kept() > 0);
});
