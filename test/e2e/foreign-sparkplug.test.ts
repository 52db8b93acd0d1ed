import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import embedded from "../../nodes/fplus-embedded-broker/fplus-embedded-broker.ts";
import command from "../../nodes/fplus-sparkplug-command/fplus-sparkplug-command.ts";
import device from "../../nodes/fplus-sparkplug-device/fplus-sparkplug-device.ts";
import edge from "../../nodes/fplus-sparkplug-edge/fplus-sparkplug-edge.ts";
import host from "../../nodes/fplus-sparkplug-host/fplus-sparkplug-host.ts";
import sparkplugIn from "../../nodes/fplus-sparkplug-in/fplus-sparkplug-in.ts";
import { asyncuaPython } from "../support/asyncua.ts";
import { startChild } from "../support/child.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

const PEER = path.join(import.meta.dirname, "../support/sparkplug/foreign_peer.py");

interface Line {
  readonly ready?: boolean;
  readonly type?: string;
  readonly device?: string;
  readonly name?: string;
  readonly datatype?: string;
  readonly value?: unknown;
}

function startPeer(port: number): { child: ChildProcess; lines: Line[]; say(text: string): void } {
  const child = startChild(asyncuaPython ?? "python3", [PEER, String(port), "Mixed"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: Line[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => lines.push(JSON.parse(line) as Line));
  return { child, lines, say: (text) => child.stdin!.write(`${text}\n`) };
}

test("an edge node and a reader of another maker (pysparkplug) understand ours, and ours them", async (t) => {
  if (missing(t, "pysparkplug for Python", asyncuaPython)) return;
  const [port] = await freePorts(1);
  const node = await loadFlow(
    temporaryFolder(t),
    [embedded, broker, edge, device, host, sparkplugIn, command],
    [
      { id: "eb", type: "fplus-embedded-broker", enabled: "on", host: "127.0.0.1", port: String(port) },
      { id: "b", type: "fplus-broker", url: `mqtt://127.0.0.1:${port}` },
      { id: "e", type: "fplus-sparkplug-edge", group: "Mixed", edgeNode: "Ours", broker: "b", spoolMegabytes: "1" },
      { id: "h", type: "fplus-sparkplug-host", host: "MixedHost", broker: "b", groups: "Mixed" },
      { id: "d", type: "fplus-sparkplug-device", edge: "e", device: "Press", wires: [[]] },
      { id: "in", type: "fplus-sparkplug-in", host: "h", output: "value", wires: [["values"], ["events"]] },
      { id: "c", type: "fplus-sparkplug-command", host: "h", timeoutSeconds: "5", wires: [["done"]] },
      { id: "values", type: "helper" },
      { id: "events", type: "helper" },
      { id: "done", type: "helper" },
    ],
  );
  const values = new Map<unknown, unknown>();
  node("values").on("input", (msg) => values.set(msg["topic"], msg["payload"]));
  const kinds: unknown[] = [];
  node("events").on("input", (msg) => {
    const { kind, device: of, node: source } = msg["payload"] as { kind: string; device?: string; node: string };
    kinds.push(`${kind} ${source}${of === undefined ? "" : `/${of}`}`);
  });
  const confirmed: unknown[] = [];
  node("done").on("input", (msg) => confirmed.push(msg["payload"]));
  await until("host and edge node", () =>
    ["MixedHost", "Mixed/Ours"].every((name) =>
      processHealth.snapshot().some((part) => part.name === name && part.status === "up"),
    ),
  );
  const peer = startPeer(port!);
  t.after(async () => {
    const exited = once(peer.child, "exit");
    peer.child.kill();
    await exited;
  });
  await until("the peer", () => peer.lines.some(({ ready }) => ready));

  // Theirs to ours: births, 64 bits, text, then data.
  await until("their births", () => values.has("Mixed/Py/Kiln/Lit"));
  assert.deepEqual(
    ["Setpoint", "Steps", "Mode", "Lit"].map((name) => values.get(`Mixed/Py/Kiln/${name}`)),
    [-40, 2n ** 63n + 5n, "Köln", true],
  );
  assert.equal(values.get("Mixed/Py/Load"), 0.25);
  peer.say("update 7");
  await until("their data", () => values.get("Mixed/Py/Kiln/Steps") === 7);
  // A write to their device, confirmed by its data.
  node("c").receive({ topic: "Mixed/Py/Kiln/Setpoint", payload: -41 });
  await until("their confirmation", () => confirmed.length === 1);
  assert.deepEqual([confirmed[0], values.get("Mixed/Py/Kiln/Setpoint")], [-41, -41]);
  peer.say("leave");
  await until("their death", () => kinds.includes("device-offline Mixed/Py/Kiln"));

  // Ours to theirs: a birth, then data by alias only. 32 bits: pysparkplug refuses negative numbers of 8 and 16 bits in the
  // form that Tahu and the reference implementation give them.
  const read = (type: string, name: string) => peer.lines.findLast((line) => line.type === type && line.name === name);
  node("d").receive({
    payload: [
      { name: "plc/Press/Offset", value: -300, type: "Int32" },
      { name: "plc/Press/Ok", value: true },
    ],
  });
  await until("our birth", () => read("DBIRTH", "Offset") !== undefined);
  node("d").receive({ payload: [{ name: "plc/Press/Offset", value: -301, type: "Int32" }] });
  await until("our data", () => read("DDATA", "Offset")?.value === -301);
  const { datatype, device: from } = read("DDATA", "Offset")!;
  assert.deepEqual([datatype, from, read("DBIRTH", "Ok")?.value], ["INT32", "Press", true]);
});
