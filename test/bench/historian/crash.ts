import path from "node:path";
import { createInterface } from "node:readline";
import { openHistorian } from "../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../lib/sample/index.ts";
import { startChild } from "../../support/child.ts";

const WRITER = path.resolve(import.meta.dirname, "../../lib/historian/durability.child.ts");
/** Acknowledgements to wait for: enough that the journal holds as much as it ever does. */
const ROUNDS = 1500;

/** `kill -9` of a process that writes: what was acknowledged and is missing, and how long opening takes. */
export async function crash(directory: string): Promise<Record<string, string | number>> {
  const child = startChild(process.execPath, [WRITER, directory, "0"], { stdio: ["ignore", "pipe", "inherit"] });
  let acknowledged = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged >= ROUNDS) child.kill("SIGKILL");
  }
  const store = openHistorian({ engine: "embedded", directory, registry: new SignalRegistry() });
  const start = performance.now();
  await store.open();
  const opened = performance.now() - start;
  const answers = await store.query({ signals: ["kill/m/*"], from: 0, to: 8e12 });
  const due = (acknowledged + 1) * 10;
  const missing = answers.reduce((sum, { time }) => sum + Math.max(0, due - time.length), 0);
  await store.close();
  return {
    "kill -9 while writing": `${(due * answers.length).toLocaleString("en")} samples acknowledged`,
    missing,
    "open again, ms": Math.round(opened),
  };
}
