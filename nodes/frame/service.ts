import type { Node, NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";

/** A config node that offers something to others. */
export interface ServiceNode extends Node {
  fplusService?: unknown;
  /** Why it could not be set up. */
  fplusFault?: FplusError;
}

/**
 * What the config node of that id offers.
 * @throws FplusError `config.missing`, or `config.invalid` with what is wrong with that node
 */
export function serviceOf<S>(RED: NodeAPI, id: string | undefined, field: string): S {
  const holder = id === undefined || id === "" ? null : (RED.nodes.getNode(id) as ServiceNode | null);
  if (holder?.fplusFault !== undefined) {
    const { message, hint, field: wrong } = holder.fplusFault;
    const where = [holder.name || holder.type.replace("fplus-", ""), ...(wrong === undefined ? [] : [wrong])];
    throw new FplusError("config.invalid", `${where.join(", ")}: ${message}`, {
      field,
      cause: holder.fplusFault,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  if (holder?.fplusService === undefined) {
    throw new FplusError("config.missing", id ? `${field} ${id} is not running` : `${field} is not chosen`, {
      field,
      hint: "Open the node, choose one and deploy.",
    });
  }
  return holder.fplusService as S;
}
