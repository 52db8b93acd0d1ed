import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePorts } from "./ports.ts";

/** A real influxd on the loopback, with its data in a folder of the test. */
export interface Influxd {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts influxd 1.x and waits until it answers; the same folder and port bring back the same data. */
export async function startInfluxd(program: string, folder: string, port?: number): Promise<Influxd> {
  const [http, rpc] = await freePorts(2);
  const bind = port ?? http!;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "influxdb.conf");
  writeFileSync(
    file,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc!}"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${bind}"
flux-enabled = true
log-enabled = false
[subscriber]
enabled = false
`,
  );
  const child = spawn(program, ["-config", file], { stdio: "ignore" });
  const url = `http://127.0.0.1:${bind}`;
  await answering(url, child);
  return { url, pid: child.pid!, stop: () => stopped(child) };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const up = await fetch(`${url}/ping`).then(
      (response) => response.status === 204,
      () => false,
    );
    if (up) return;
    if (child.exitCode !== null || Date.now() > deadline) {
      await stopped(child);
      throw new Error(`influxd did not start (${String(child.exitCode)})`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
