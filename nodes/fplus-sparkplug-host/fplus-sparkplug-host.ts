import type { NodeAPI } from "node-red";
import path from "node:path";
import { openLink } from "../../lib/broker/index.ts";
import { CachedBirths, type Plant } from "../../lib/plant/index.ts";
import { BirthFolder, type BirthStore, checkId } from "../../lib/sparkplug/index.ts";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import { defineNode, numberOf, serviceOf } from "../frame/index.ts";
import { type HostService, SharedHost } from "./service.ts";

interface HostConfig {
  readonly name: string;
  readonly host: string;
  readonly broker: string;
  readonly groups: string;
  readonly reorderSeconds: string | number;
  readonly stateVersion: "2" | "3";
  readonly keepBirths: "folder" | "cache" | "none";
}

const FEW_METRICS = 50;

/** A Sparkplug host application: one connection, shared by the nodes that receive and write through it. */
export default function (RED: NodeAPI): void {
  defineNode<HostConfig>(
    RED,
    "fplus-sparkplug-host",
    (node) => {
      const { config, plant } = node;
      const hostId = checkId(config.host, "host");
      const address = config.broker
        ? node.service<BrokerService>(config.broker, "broker").address()
        : plant.brokerAddress();
      const groups = config.groups
        .split(",")
        .map((group) => group.trim())
        .filter((group) => group !== "")
        .map((group) => checkId(group, "groups"));
      const options = {
        hostId,
        groups,
        address,
        reorderTimeoutMs: numberOf(config, "reorderSeconds", { usual: 2, least: 0, most: 60 }) * 1000,
        stateVersion: config.stateVersion === "2" ? (2 as const) : (3 as const),
      };
      const lease = plant.leases.acquire(
        `sparkplug-host ${hostId}`,
        () => {
          const { births, release } = birthStore(plant, config.keepBirths, hostId);
          return new SharedHost({ ...options, openLink, ...(births === undefined ? {} : { births }) }, release);
        },
        JSON.stringify([options, config.keepBirths]),
      );
      const shared = lease.value;
      lease.ready.then(
        () => shared.start(),
        () => undefined,
      );
      const off = plant.health.add(() => shared.host.health());
      return {
        service: shared satisfies HostService,
        async close() {
          off();
          await lease.release();
        },
      };
    },
    { once: serveMetrics },
  );
}

function birthStore(
  plant: Plant,
  place: HostConfig["keepBirths"],
  hostId: string,
): { births?: BirthStore; release?: () => Promise<void> } {
  if (place === "none") return {};
  if (place !== "cache")
    return { births: new BirthFolder(path.join(plant.stateDir, "births", hostId.replace(/[^\w.-]/g, "_"))) };
  const cache = plant.cache();
  return { births: new CachedBirths(cache.value, hostId), release: () => cache.release() };
}

/** `GET /fplus/sparkplug/:id/metrics?search=`: paths of metrics that a deployed host knows, for the command dialog. */
function serveMetrics(RED: NodeAPI): void {
  RED.httpAdmin.get(
    "/fplus/sparkplug/:id/metrics",
    RED.auth.needsPermission("fplus-sparkplug.read"),
    (request, response) => {
      try {
        const { host } = serviceOf<HostService>(RED, String(request.params["id"]), "host");
        response.json(host.metricPaths(String(request.query["search"] ?? ""), FEW_METRICS));
      } catch {
        // Not deployed yet: there is nothing to offer.
        response.json([]);
      }
    },
  );
}
