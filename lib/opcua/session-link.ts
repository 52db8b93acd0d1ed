import type { ClientSession } from "node-opcua";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** The session that somebody works on, as long as its connection holds. */
export interface SessionLink {
  readonly session: ClientSession;
  readonly limits: ServerLimits;
  readonly opcua: Opcua;
}
