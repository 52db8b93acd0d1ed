import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { startChild } from "./child.ts";
import { until } from "./until.ts";

/** A Node-RED of a user, with what it has said so far. */
export interface NodeRedRun {
  readonly url: string;
  readonly pid: number;
  /** From spawning the process until its flows had started. */
  startedMs(): number;
  /** The log. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a Node-RED installed at `home` (its `node_modules` holds node-red) on a user directory, as `node-red -u` does. */
export async function startNodeRed(
  home: string,
  userDir: string,
  port: number,
  env: Record<string, string> = {},
): Promise<NodeRedRun> {
  writeFileSync(
    path.join(userDir, "settings.js"),
    `module.exports = { uiHost: "127.0.0.1", uiPort: ${port}, flowFile: "flows.json", telemetry: { enabled: false, updateNotification: false },
      editorTheme: { tours: false, projects: { enabled: false } } };`,
  );
  const program = path.join(home, "node_modules/node-red/red.js");
  const child = startChild(process.execPath, [program, "-u", userDir], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const began = performance.now();
  let started = 0;
  const ended = once(child, "close");
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (started === 0 && text.includes("Started flows")) started = performance.now() - began;
    });
  const run: NodeRedRun = {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    startedMs: () => started,
    output: () => text,
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
  try {
    await until("Node-RED to start", () => {
      if (child.exitCode !== null) throw new Error(`Node-RED ended:\n${text}`);
      return text.includes("Started flows");
    });
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${String(error)}\n${text}`, { cause: error });
  }
  return run;
}
