import type { UserToken } from "./identity.ts";
import type { SecurityMode, SecurityPolicy } from "./security.ts";
import type { TrustMode } from "./trust-list.ts";

/** Address, security and identity of one OPC UA server. */
export interface EndpointOptions {
  readonly name: string;
  /** `opc.tcp://host:4840/path`. */
  readonly url: string;
  /** Addresses of stand-ins, in order, for when the first does not answer or is degraded. */
  readonly standIns?: readonly string[];
  readonly securityMode?: SecurityMode;
  readonly securityPolicy?: SecurityPolicy;
  /** Servers that are not known yet: accepted and kept, or refused until a person trusts them. `first-use` where left out. */
  readonly trust?: TrustMode;
  /** Anonymous where left out. */
  readonly user?: UserToken;
  /** Milliseconds after which the server ends a session that it hears nothing of; 60,000 where left out. */
  readonly sessionTimeoutMs?: number;
  /** Milliseconds of silence after which the server is asked whether it lives. */
  readonly keepAliveMs?: number;
  /** Milliseconds until an attempt to connect is given up; 10,000 where left out. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for which failing is not reported, because a server may just be starting up; 5,000 where left out. */
  readonly patienceMs?: number;
  /** Folder for our certificate and the servers' ones. */
  readonly pkiFolder: string;
}
