import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { ServiceProcess } from "./services.ts";

/** Starts the OPC UA server whose tags count, in a process of its own; `first` is what they begin after. */
export async function startCounter(
  port: number,
  tags: number,
  periodMs: number,
  first = 0,
): Promise<ServiceProcess & { readonly url: string }> {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, "counter-server.ts"), ...[port, tags, periodMs, first].map(String)],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const [line] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [unknown];
  if (!String(line).includes("ready")) throw new Error(`the counting server did not start: ${String(line)}`);
  return {
    child,
    url: `opc.tcp://127.0.0.1:${port}/counter`,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}
