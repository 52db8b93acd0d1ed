import type { NodeAPI } from "node-red";
import path from "node:path";
import { FplusError } from "../../lib/errors/index.ts";
import {
  EmbeddedHistorian,
  type InfluxLayout,
  type InfluxOptions,
  openHistorian,
  parseRollUps,
} from "../../lib/historian/index.ts";
import { defineNode, type NodeContext } from "../frame/index.ts";
import type { HistorianService } from "./service.ts";

interface HistorianConfig {
  readonly name: string;
  readonly engine: "embedded" | "influx";
  readonly folder: string;
  readonly retention: string | number;
  readonly rollUps: string | undefined;
  readonly url: string;
  readonly version: "auto" | "1" | "2";
  readonly org: string;
  readonly bucket: string;
  readonly layout: InfluxLayout;
}

/** A historian that nodes can choose: the embedded store in a folder, or an InfluxDB server. */
export default function (RED: NodeAPI): void {
  defineNode<HistorianConfig>(
    RED,
    "fplus-historian",
    (node) => ({ service: node.config.engine === "influx" ? influxService(node) : embeddedService(node) }),
    { credentials: { token: { type: "password" } } },
  );
}

function embeddedService(node: NodeContext<HistorianConfig>): HistorianService {
  const { config, plant, name } = node;
  const directory = path.resolve(plant.stateDir, config.folder || "historian");
  const retentionDays = Number(config.retention || 0);
  if (!(retentionDays >= 0)) {
    const hint = "Give a number of days; 0 keeps samples for ever.";
    throw new FplusError("config.invalid", "not a number of days", { field: "retention", hint });
  }
  const rollUps = parseRollUps(config.rollUps ?? "");
  return {
    lease() {
      // The same key as the plant's own historian, so that both share one store where they share the folder.
      const lease = plant.leases.acquire(
        `historian ${directory}`,
        () => new EmbeddedHistorian({ engine: "embedded", directory, retentionDays, rollUps, name }),
      );
      if (lease.value instanceof EmbeddedHistorian)
        lease.value.retain(retentionDays, rollUps).catch((error: unknown) => node.report(error));
      return lease;
    },
  };
}

function influxService(node: NodeContext<HistorianConfig>): HistorianService {
  const { config, plant, credentials, name, id } = node;
  const { token } = credentials;
  const options: InfluxOptions = {
    engine: "influx",
    name,
    url: config.url,
    bucket: config.bucket,
    version: config.version || "auto",
    layout: config.layout || "signals",
    ...(config.org ? { org: config.org } : {}),
    ...(token ? { token } : {}),
  };
  // Wrong settings show on this node at once, not at the first sample.
  openHistorian(options);
  return {
    lease: () => plant.leases.acquire(`historian ${id}`, () => openHistorian(options), JSON.stringify(options)),
  };
}
