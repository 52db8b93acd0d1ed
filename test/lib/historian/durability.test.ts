import assert from "node:assert/strict";
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { openHistorian } from "../../../lib/historian/index.ts";
import { startChild } from "../../support/child.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { missing } from "../../support/services.ts";

const WRITER = path.join(import.meta.dirname, "durability.child.ts");

/** Starts a process that writes and prints one line an event. */
function startWriter(t: TestContext, ...args: string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = startChild(process.execPath, [WRITER, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

test("kill -9 at any time loses nothing that was acknowledged", async (t) => {
  const directory = temporaryFolder(t);
  let acknowledged = -1;
  for (let round = 0; round < 4; round++) {
    const { child, lines } = startWriter(t, directory, String(acknowledged + 1));
    const enough = acknowledged + 60 + round * 47;
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(done !== true, "the writer ended by itself");
      acknowledged = Math.max(acknowledged, Number(value));
      if (acknowledged >= enough) break;
    }
    child.kill("SIGKILL");
    for (let rest = await lines.next(); rest.done !== true; rest = await lines.next())
      acknowledged = Number(rest.value);
  }
  const store = openHistorian({ engine: "embedded", directory });
  await store.open();
  const answers = await store.query({ signals: ["kill/m/*"], from: 0, to: 8e12 });
  assert.equal(answers.length, 20);
  for (const series of answers) {
    const held = new Map(Array.from(series.time, (time, i) => [time, series.value[i]]));
    assert.equal(held.size, series.time.length, "no time twice");
    for (let n = 0; n <= acknowledged; n++) {
      for (let k = 0; k < 10; k++) assert.equal(held.get(1e12 + n * 100 + k), n + k / 10, `${series.path} ${n}.${k}`);
    }
  }
  await store.close();
});

test("a full disk is an error that passes when there is room again", async (t) => {
  if (missing(t, "prlimit", existsSync("/usr/bin/prlimit") ? "prlimit" : undefined)) return;
  const directory = temporaryFolder(t);
  const { child, lines } = startWriter(t, directory, "0", "1500000");
  const seen: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    assert.ok(done !== true, "the writer ended by itself");
    if (value === "historian.io") {
      // Room again: writes go on, and the same samples are taken now.
      if (!seen.includes("historian.io"))
        execFileSync("/usr/bin/prlimit", ["--pid", String(child.pid), "--fsize=unlimited"]);
    } else if (seen.includes("historian.io")) break;
    seen.push(value);
  }
  const acknowledged = Number(seen.findLast((line) => line !== "historian.io"));
  child.kill("SIGTERM");
  await once(child, "exit");
  const store = openHistorian({ engine: "embedded", directory });
  const [series] = await store.query({ signals: ["kill/m/3"], from: 0, to: 8e12 });
  assert.ok(series!.time.length >= (acknowledged + 1) * 10);
  await store.close();
});
