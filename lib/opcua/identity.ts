import type { UserIdentityInfo } from "node-opcua";
import type { EndpointOptions } from "./endpoint.ts";
import type { Opcua } from "./load.ts";

/** Who we are to the server. */
export function identityOf(opcua: Opcua, options: EndpointOptions): UserIdentityInfo {
  const { username, password } = options;
  if (!username) return { type: opcua.UserTokenType.Anonymous };
  return { type: opcua.UserTokenType.UserName, userName: username, password: password ?? "" };
}
