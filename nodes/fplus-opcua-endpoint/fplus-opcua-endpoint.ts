import type { NodeAPI } from "node-red";
import path from "node:path";
import { Endpoint, type EndpointOptions } from "../../lib/opcua/index.ts";
import { defineNode, type NodeContext } from "../frame/index.ts";
import { serveEndpointRoutes } from "./routes.ts";

/** The properties of an `fplus-opcua-endpoint` config node. */
export interface EndpointConfig {
  readonly name: string;
  readonly url: string;
  readonly securityMode: NonNullable<EndpointOptions["securityMode"]>;
  readonly securityPolicy: NonNullable<EndpointOptions["securityPolicy"]>;
}

/** What an `fplus-opcua-endpoint` config node offers. */
export interface EndpointService {
  /** One session for all; waits for nothing. */
  readonly endpoint: Endpoint;
}

/** An OPC UA server: one session, shared by every node that reads from it, and kept over redeploys. */
export default function (RED: NodeAPI): void {
  defineNode<EndpointConfig>(RED, "fplus-opcua-endpoint", open, {
    credentials: { username: { type: "text" }, password: { type: "password" } },
    once: serveEndpointRoutes,
  });
}

function open(node: NodeContext<EndpointConfig>): { service: EndpointService; close(): Promise<void> } {
  const { plant, config, credentials } = node;
  const options = endpointOptions(config, credentials, path.join(plant.stateDir, "pki", "client"));
  const lease = plant.leases.acquire(
    `opcua-endpoint ${node.id}`,
    () => new Endpoint({ ...options, onError: (error) => node.report(error) }),
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

/** The options of a session from a dialog's values. */
export function endpointOptions(
  config: EndpointConfig,
  credentials: Readonly<Record<string, string | undefined>>,
  pkiFolder: string,
): EndpointOptions {
  const { username, password } = credentials;
  return {
    name: config.name || hostOf(config.url),
    url: config.url,
    securityMode: config.securityMode || "None",
    securityPolicy: config.securityPolicy || "None",
    pkiFolder,
    ...(username ? { username, password: password ?? "" } : {}),
  };
}

function hostOf(url: string): string {
  return /^opc\.tcp:\/\/([^/:]+)/.exec(url)?.[1] ?? "opcua";
}
