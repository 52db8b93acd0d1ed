import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import path from "node:path";

/** One entry as Node-RED hands it to a log handler. */
export interface LogEntry {
  readonly level: number;
  readonly msg: unknown;
  readonly type?: string;
  readonly name?: string;
  readonly id?: string;
}

const WARN = 30;
const ROTATE_BYTES = 5 * 1024 * 1024;

/** Everything goes to `log/plant.log` in the state folder; errors and the warnings of nodes also to the terminal. */
export function openLog(stateDir: string): (entry: LogEntry) => void {
  const file = path.join(stateDir, "log", "plant.log");
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.1`);
  const stream = createWriteStream(file, { flags: "a" });
  // A full disk must not stop the plant; the terminal still shows what matters.
  stream.on("error", () => undefined);
  return (entry) => {
    const who = entry.type === undefined ? "" : `[${entry.type}:${entry.name || entry.id || ""}] `;
    const text = entry.msg instanceof Error ? (entry.msg.stack ?? entry.msg.message) : String(entry.msg);
    stream.write(`${new Date().toISOString()} ${entry.level} ${who}${text}\n`);
    if (entry.level < WARN || (entry.level === WARN && entry.type !== undefined))
      process.stderr.write(`  ${entry.level < WARN ? "✖" : "!"} ${who}${text.split("\n")[0]}\n`);
  };
}
