import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type ServiceProcess, startPrinting } from "./services.ts";

/** Starts the OPC UA server whose tags count, in a process of its own; `first` is what they begin after. */
export async function startCounter(
  port: number,
  tags: number,
  periodMs: number,
  first = 0,
  options: readonly "--hands-over"[] = [],
): Promise<ServiceProcess & { readonly url: string }> {
  const program = path.join(import.meta.dirname, "counter-server.ts");
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-counter-"));
  const server = await startPrinting(process.execPath, [
    program,
    folder,
    ...[port, tags, periodMs, first].map(String),
    ...options,
  ]);
  return {
    ...server,
    url: `opc.tcp://127.0.0.1:${port}/counter`,
    async stop(signal) {
      await server.stop(signal);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
