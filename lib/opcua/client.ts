import type { OPCUAClient } from "node-opcua";
import type { EndpointOptions } from "./endpoint.ts";
import type { Opcua } from "./load.ts";

const SESSION_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** A client for one attempt to connect, with the security, the certificates and the times of an endpoint. */
export function newClient(opcua: Opcua, options: EndpointOptions): OPCUAClient {
  const { securityMode = "None", securityPolicy = "None", pkiFolder } = options;
  return opcua.OPCUAClient.create({
    applicationName: "Factory+ for Node-RED",
    clientName: options.name,
    endpointMustExist: false,
    securityMode: opcua.MessageSecurityMode[securityMode],
    securityPolicy: opcua.SecurityPolicy[securityPolicy],
    clientCertificateManager: certificates(opcua, pkiFolder),
    // Reconnecting is the endpoint's work; the client's own would repair the session behind its back.
    connectionStrategy: { maxRetry: 0, initialDelay: 500, maxDelay: 1000 },
    keepSessionAlive: true,
    requestedSessionTimeout: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    transportTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    ...(options.keepAliveMs === undefined ? {} : { keepAliveInterval: options.keepAliveMs }),
    // node-opcua allocates the whole send buffer for every request: small ones cut its cost to a third.
    transportSettings: {
      sendBufferSize: 16_384,
      receiveBufferSize: 65_536,
      maxMessageSize: 16 * 1024 * 1024,
      maxChunkCount: 1024,
    },
  });
}

const managers = new Map<string, InstanceType<Opcua["OPCUACertificateManager"]>>();

/** One certificate manager a folder: making our certificate takes a while, and two at once would race for it. */
function certificates(opcua: Opcua, folder: string): InstanceType<Opcua["OPCUACertificateManager"]> {
  let manager = managers.get(folder);
  if (manager === undefined) {
    manager = new opcua.OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true });
    managers.set(folder, manager);
  }
  return manager;
}
