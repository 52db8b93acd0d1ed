import type { NodeAPI } from "node-red";
import path from "node:path";
import { FplusError } from "../../lib/errors/index.ts";
import {
  ArchivedHistorian,
  EmbeddedHistorian,
  type InfluxLayout,
  type InfluxOptions,
  MonthArchive,
  openHistorian,
  parseRollUps,
} from "../../lib/historian/index.ts";
import { historianSource } from "../../lib/plant/index.ts";
import { defineNode, type NodeContext, numberOf } from "../frame/index.ts";
import type { ObjectsService } from "../fplus-object-store/service.ts";
import { type HistorianService, identityOf } from "./service.ts";

interface HistorianConfig {
  readonly name: string;
  readonly engine: "embedded" | "influx";
  readonly folder: string;
  readonly retention: string | number;
  readonly rollUps: string | undefined;
  /** Left out by nodes of former releases, whose buckets stay as they are. */
  readonly bucketRetention: boolean | undefined;
  readonly url: string;
  readonly version: "auto" | "1" | "2";
  readonly org: string;
  readonly bucket: string;
  readonly layout: InfluxLayout;
  /** Whole months that stay beside the current one; blank = nothing is archived. */
  readonly archiveMonths: string | number | undefined;
  /** Id of an `fplus-object-store`; blank = the plant's. */
  readonly archive: string | undefined;
}

const ARCHIVE_BUCKET = "historian";

/** A historian that nodes can choose: the embedded store in a folder, or an InfluxDB server. */
export default function (RED: NodeAPI): void {
  defineNode<HistorianConfig>(
    RED,
    "fplus-historian",
    (node) => ({
      service: withArchive(node, node.config.engine === "influx" ? influxService(node) : embeddedService(node)),
    }),
    { credentials: { token: { type: "password" } } },
  );
}

function embeddedService(node: NodeContext<HistorianConfig>): HistorianService {
  const { config, plant, name } = node;
  const directory = path.resolve(plant.stateDir, config.folder || "historian");
  const retentionDays = numberOf(config, "retention", { usual: 0, least: 0 });
  const rollUps = parseRollUps(config.rollUps ?? "");
  // The same key as the plant's own historian, so that both share one store where they share the folder.
  const source = historianSource(
    plant.leases,
    `historian ${directory}`,
    () => new EmbeddedHistorian({ engine: "embedded", directory, retentionDays, rollUps, name }),
  );
  return {
    ...source,
    lease() {
      const lease = source.lease();
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
    retentionDays: numberOf(config, "retention", { usual: 0, least: 0 }),
    bucketRetention: config.bucketRetention === true,
    rollUps: parseRollUps(config.rollUps ?? ""),
    ...(config.org ? { org: config.org } : {}),
    ...(token ? { token } : {}),
  };
  // Wrong settings show on this node at once, not at the first sample.
  openHistorian(options);
  return historianSource(plant.leases, `historian ${id}`, () => openHistorian(options), JSON.stringify(options));
}

/** Puts old months into an object store, where the dialog says so. */
function withArchive(node: NodeContext<HistorianConfig>, service: HistorianService): HistorianService {
  const { archiveMonths, archive } = node.config;
  if (archiveMonths === undefined || archiveMonths === "") return service;
  const keepMonths = Number(archiveMonths);
  if (!(Number.isInteger(keepMonths) && keepMonths >= 1)) {
    const hint = "Give a whole number from 1 up, or leave it blank to archive nothing.";
    throw new FplusError("config.invalid", "not a number of months", { field: "archiveMonths", hint });
  }
  return {
    unused: () => service.unused(),
    lease() {
      const { plant } = node;
      const inner = service.lease();
      const objects = archive ? node.service<ObjectsService>(archive, "archive").lease() : plant.objects();
      const giveBack = async (): Promise<void> => {
        await objects.release();
        await inner.release();
      };
      let taken = false;
      const lease = plant.leases.acquire(
        `historian-archive ${node.id}`,
        () => {
          taken = true;
          const place = new MonthArchive({ objects: objects.value, bucket: ARCHIVE_BUCKET });
          return new ArchivedHistorian({ store: inner.value, archive: place, keepMonths, release: giveBack });
        },
        JSON.stringify([identityOf(inner.value), archive, keepMonths]),
      );
      // One that lives holds both already.
      if (!taken) giveBack().catch((error: unknown) => node.report(error));
      const ready = Promise.all([lease.ready, inner.ready]).then(() => undefined);
      return { ...lease, ready };
    },
  };
}
