import type { NodeAPI } from "node-red";
import path from "node:path";
import { FplusError } from "../../lib/errors/index.ts";
import { Endpoint, securityWarning } from "../../lib/opcua/index.ts";
import { defineNode, type NodeContext } from "../frame/index.ts";
import { ENDPOINT_CREDENTIALS, type EndpointConfig, endpointOptions } from "./options.ts";
import { serveEndpointRoutes } from "./routes.ts";
import type { EndpointService } from "./service.ts";

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
      return new Endpoint(options);
    },
    JSON.stringify(options),
  );
  const endpoint = lease.value;
  const stopListening = endpoint.listen({
    onError: (error) => node.report(triedAgain(error)),
    onNotice: (text) => node.warn(`${options.name}: ${text}`),
  });
  lease.ready.then(
    () => endpoint.start(),
    () => undefined,
  );
  const off = plant.health.add(() => endpoint.health());
  return {
    service: { endpoint },
    async close() {
      off();
      stopListening();
      await lease.release();
    },
  };
}

/** A server that cannot be reached now, with what a deployed endpoint does about it, unlike a dialog. */
function triedAgain(error: unknown): unknown {
  if (!(error instanceof FplusError) || error.code !== "opcua.unreachable") return error;
  const { code, message, field, hint = "" } = error;
  return new FplusError(code, message, {
    hint: `${hint} It is tried again by itself.`.trim(),
    cause: error,
    ...(field === undefined ? {} : { field }),
  });
}

/** Nobody else hears what stays on this machine. */
function isLocal(url: string): boolean {
  return /^opc\.tcp:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/i.test(url);
}
