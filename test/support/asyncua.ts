import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { findProgram, type ServiceProcess } from "./services.ts";

/** A Python that has the package asyncua. */
export const asyncuaPython = findProgram(
  "FPLUS_TEST_PYTHON",
  path.resolve(import.meta.dirname, "../../.tmp/python/bin/python"),
);

/** Starts an OPC UA server of another maker with one boiler; its `Steps` count from -5. */
export async function startAsyncua(port: number): Promise<ServiceProcess & { readonly url: string }> {
  const child = spawn(asyncuaPython ?? "python3", [path.join(import.meta.dirname, "asyncua_server.py"), String(port)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [unknown];
  if (!String(line).includes("ready")) throw new Error(`asyncua did not start: ${String(line)}`);
  return {
    child,
    url: `opc.tcp://127.0.0.1:${port}/asyncua`,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}
