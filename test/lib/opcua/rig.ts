import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { Endpoint, type Listener, type EndpointOptions, Simulator } from "../../../lib/opcua/index.ts";
import { freePorts } from "../../support/ports.ts";

export function pki(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}

/** A running simulator. */
export async function openSimulator(
  t: TestContext,
  tags: number,
  rateMs = 200,
): Promise<{ url: string; simulator: Simulator }> {
  const [port] = await freePorts(1);
  const simulator = new Simulator({ host: "127.0.0.1", port: port!, tags, rateMs, seed: 1, pkiFolder: pki(t) });
  await simulator.open();
  t.after(() => simulator.close());
  return { url: `opc.tcp://127.0.0.1:${port}/fplus`, simulator };
}

/** An endpoint that is closed before the simulator is. */
export function openEndpoint(t: TestContext, url: string, more: Partial<EndpointOptions & Listener> = {}): Endpoint {
  const { onError, onNotice, ...options } = more;
  const endpoint = new Endpoint({
    name: "PLC",
    url,
    securityMode: "None",
    securityPolicy: "None",
    pkiFolder: pki(t),
    ...options,
  });
  endpoint.listen({ ...(onError === undefined ? {} : { onError }), ...(onNotice === undefined ? {} : { onNotice }) });
  t.after(() => endpoint.close());
  return endpoint;
}
