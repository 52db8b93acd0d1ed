import type { NodeAPI } from "node-red";
import path from "node:path";
import { Endpoint, securityWarning } from "../../lib/opcua/index.ts";
import { defineNode, type NodeContext } from "../frame/index.ts";
import { ENDPOINT_CREDENTIALS, type EndpointConfig, endpointOptions } from "./options.ts";
import { serveEndpointRoutes } from "./routes.ts";

/** What an `fplus-opcua-endpoint` config node offers. */
export interface EndpointService {
  /** One session for all; waits for nothing. */
  readonly endpoint: Endpoint;
}

/** An OPC UA server: one session, shared by every node that reads from it, and kept over redeploys. */
export default function (RED: NodeAPI): void {
  defineNode<EndpointConfig>(RED, "fplus-opcua-endpoint", open, {
    credentials: ENDPOINT_CREDENTIALS,
    once: serveEndpointRoutes,
  });
}

function open(node: NodeContext<EndpointConfig>): { service: EndpointService; close(): Promise<void> } {
  const { plant, config, credentials } = node;
  const options = endpointOptions(config, credentials, path.join(plant.stateDir, "pki", "client"));
  const { securityMode = "None", securityPolicy = "None", user } = options;
  const lease = plant.leases.acquire(
    `opcua-endpoint ${node.id}`,
    () => {
      const warning = isLocal(options.url) ? "" : securityWarning(securityMode, securityPolicy, user !== undefined);
      if (warning !== "") node.warn(`${options.name}: ${warning}`);
      return new Endpoint({
        ...options,
        onError: (error) => node.report(error),
        onNotice: (text) => node.warn(`${options.name}: ${text}`),
      });
    },
    JSON.stringify(options),
  );
  const endpoint = lease.value;
  lease.ready.then(
    () => endpoint.start(),
    () => undefined,
  );
  const off = plant.health.add(() => endpoint.health());
  return {
    service: { endpoint },
    async close() {
      off();
      await lease.release();
    },
  };
}

/** Nobody else hears what stays on this machine. */
function isLocal(url: string): boolean {
  return /^opc\.tcp:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/i.test(url);
}
