import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { processLeases } from "../../lib/plant/index.ts";
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
