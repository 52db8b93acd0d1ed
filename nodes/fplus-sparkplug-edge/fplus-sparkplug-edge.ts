import type { NodeAPI } from "node-red";
import path from "node:path";
import { type BrokerAddress, openLink } from "../../lib/broker/index.ts";
import { FplusError } from "../../lib/errors/index.ts";
import { checkId, type EdgeCommand, EdgeNode } from "../../lib/sparkplug/index.ts";
import { openSpool, type SpoolPolicy } from "../../lib/spool/index.ts";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import { defineNode, type NodeContext, numberOf } from "../frame/index.ts";
import { type EdgeService, SharedEdge } from "./service.ts";

interface EdgeConfig {
  readonly name: string;
  readonly group: string;
  readonly edgeNode: string;
  readonly broker: string;
  readonly otherServers: string;
  readonly primaryHost: string;
  readonly typedData: boolean;
  readonly spoolMegabytes: string | number;
  readonly spoolPolicy: SpoolPolicy;
}

/** A Sparkplug edge node: one connection, shared by the device nodes that publish through it. */
export default function (RED: NodeAPI): void {
  defineNode<EdgeConfig>(RED, "fplus-sparkplug-edge", (node) => {
    const { plant, config } = node;
    const group = checkId(config.group, "group");
    const edgeNode = checkId(config.edgeNode, "edgeNode");
    if (config.primaryHost) checkId(config.primaryHost, "primaryHost");
    const address = config.broker
      ? node.service<BrokerService>(config.broker, "broker").address()
      : plant.brokerAddress();
    const otherServers = addressesOf(config.otherServers ?? "", address);
    const typedData = config.typedData !== false;
    const directory = path.join(plant.stateDir, "spool", `${group}-${edgeNode}`.replace(/[^\w.-]/g, "_"));
    const spool = {
      directory,
      maxBytes: numberOf(config, "spoolMegabytes", { usual: 512, least: 1 }) * 1024 * 1024,
      policy: config.spoolPolicy || ("drop-oldest" as const),
    };
    const listeners = new Set<(command: EdgeCommand) => void>();
    const lease = plant.leases.acquire(
      `sparkplug-edge ${group}/${edgeNode}`,
      () =>
        new SharedEdge(
          () =>
            new EdgeNode({
              groupId: group,
              edgeNodeId: edgeNode,
              address,
              otherServers,
              openLink,
              spool: openSpool(spool),
              directory,
              primaryHost: config.primaryHost,
              typedData,
              onCommand: (command) => listeners.forEach((listen) => listen(command)),
              onError: (error) => node.report(error),
            }),
        ),
      JSON.stringify([address, otherServers, spool, config.primaryHost, typedData]),
    );
    return withHealth(
      node,
      () => lease.value.open(lease.ready),
      listeners,
      () => lease.release(),
    );
  });
}

/** Brokers besides the first; they share its credentials. */
function addressesOf(urls: string, first: BrokerAddress): BrokerAddress[] {
  return urls
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "")
    .map((url) => {
      if (/^(mqtts?|wss?):\/\/[^/]+/.test(url)) return { ...first, url };
      throw new FplusError("config.invalid", `not a broker address: ${url}`, {
        field: "otherServers",
        hint: "Write them like mqtt://192.168.0.6:1883, separated by commas.",
      });
    });
}

function withHealth(
  node: NodeContext<EdgeConfig>,
  open: () => Promise<EdgeNode>,
  listeners: Set<(command: EdgeCommand) => void>,
  release: () => Promise<void>,
): { service: EdgeService; close(): Promise<void> } {
  let off: (() => void) | undefined;
  let closed = false;
  const opened = async (): Promise<EdgeNode> => {
    const edge = await open();
    if (!closed) off ??= node.plant.health.add(() => edge.health());
    return edge;
  };
  opened().catch((error: unknown) => node.report(error));
  return {
    service: {
      edge: opened,
      onCommand(listen) {
        listeners.add(listen);
        return () => void listeners.delete(listen);
      },
    },
    async close() {
      closed = true;
      off?.();
      await release();
    },
  };
}
