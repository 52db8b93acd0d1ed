import type { Endpoint } from "../../lib/opcua/index.ts";

/** What an `fplus-opcua-endpoint` config node offers. */
export interface EndpointService {
  /** One session for all; waits for nothing. */
  readonly endpoint: Endpoint;
}
