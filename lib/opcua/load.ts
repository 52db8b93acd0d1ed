import type * as NodeOpcua from "node-opcua";

import { FplusError } from "../errors/index.ts";

/** The module node-opcua. */
export type Opcua = typeof NodeOpcua;

/**
 * node-opcua, loaded at the first use: it costs more than a second and a hundred megabytes,
 * which a Node-RED without OPC UA nodes must not pay.
 * @throws FplusError `feature.off` when the package is not installed
 */
export async function loadOpcua(): Promise<Opcua> {
  try {
    const [opcua, debug] = await Promise.all([import("node-opcua"), import("node-opcua-debug")]);
    // It prints to the terminal what the callers here learn from errors and events anyway.
    debug.setWarningLogger(() => undefined);
    debug.setErrorLogger(() => undefined);
    return opcua;
  } catch (error) {
    throw new FplusError("feature.off", "OPC UA needs the package node-opcua", { cause: error });
  }
}
