import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openSpool } from "../../../lib/spool/index.ts";
import { startChild } from "../../support/child.ts";
import { startCounter } from "../../support/counter.ts";
import { holdingsOf } from "../../support/diagnostics.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

const TAGS = 40;
/** From a value's arrival until the spool has it. */
const DELAY_MS = 150;

interface Capture {
  readonly notices: readonly string[];
  kill(): Promise<void>;
}

async function startCapture(t: TestContext, url: string, folder: string): Promise<Capture> {
  const program = path.join(import.meta.dirname, "../../support/capture.ts");
  const child = startChild(process.execPath, [program, url, folder, String(TAGS), String(DELAY_MS)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => void (text += chunk.toString()));
  await until("values in the spool", () => /^ready$/m.test(text));
  return {
    get notices() {
      return [...text.matchAll(/^notice (.*)$/gm)].map((match) => match[1]!);
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** The counts in a spool by tag, as they lie. */
async function countsIn(folder: string): Promise<Map<string, number[]>> {
  const spool = openSpool({ directory: path.join(folder, "spool"), maxBytes: 100_000_000, policy: "refuse" });
  const counts = new Map<string, number[]>();
  for (const { data } of spool.read(spool.first, spool.next - spool.first)) {
    for (const [metric, value] of JSON.parse(Buffer.from(data).toString()) as [string, number][]) {
      const list = counts.get(metric) ?? [];
      counts.set(metric, list);
      list.push(value);
    }
  }
  await spool.close();
  return counts;
}

function holesIn(values: readonly number[]): number[] {
  const present = new Set(values);
  const holes: number[] = [];
  for (let n = Math.min(...values); n < Math.max(...values); n++) if (!present.has(n)) holes.push(n);
  return holes;
}

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-crash-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}

test("kill -9 between the server and the spool: the next process takes the subscription over, and no value is missing", async (t) => {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, TAGS, 50, 0, ["--hands-over"]);
  t.after(() => counter.stop());
  const folder = newFolder(t);
  for (const [running, away] of [
    [700, 300],
    [430, 1500],
    [900, 0],
  ] as const) {
    const capture = await startCapture(t, counter.url, folder);
    await pause(running);
    await capture.kill();
    await pause(away);
  }
  const last = await startCapture(t, counter.url, folder);
  await pause(1500);
  assert.deepEqual(last.notices, []);
  assert.equal((await holdingsOf(counter.url)).subscriptions, 1);
  await last.kill();
  const counts = await countsIn(folder);
  assert.equal(counts.size, TAGS);
  for (const [metric, values] of counts) {
    assert.ok(values.length > 60, `${values.length} of ${metric}`);
    assert.deepEqual(holesIn(values), [], metric);
  }
});

test("a server that does not hand subscriptions over: that is said, and reading goes on with a new one", async (t) => {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, TAGS, 50);
  t.after(() => counter.stop());
  const folder = newFolder(t);
  const first = await startCapture(t, counter.url, folder);
  await first.kill();
  const second = await startCapture(t, counter.url, folder);
  await until("the notice", () => second.notices.length > 0);
  assert.match(second.notices[0]!, /does not hand over the subscription of the last run \(BadUserAccessDenied\)/);
  await second.kill();
});
