import path from "node:path";
import { findProgram, type ServiceProcess, startPrinting } from "./services.ts";

/** A Python that has the package asyncua. */
export const asyncuaPython = findProgram(
  "FPLUS_TEST_PYTHON",
  path.resolve(import.meta.dirname, "../../.tmp/python/bin/python"),
);

/**
 * Starts an OPC UA server of another maker with one boiler; its `Steps` count from -5. With certificate and key it has
 * every security, and one user: `operator`, whose password is `geheim`.
 */
export async function startAsyncua(
  port: number,
  security?: { readonly certificateFile: string; readonly privateKeyFile: string },
): Promise<ServiceProcess & { readonly url: string }> {
  const program = path.join(import.meta.dirname, "asyncua_server.py");
  const files = security === undefined ? [] : [security.certificateFile, security.privateKeyFile];
  const server = await startPrinting(asyncuaPython ?? "python3", [program, String(port), ...files]);
  return { ...server, url: `opc.tcp://127.0.0.1:${port}/asyncua` };
}
