import type { NodeAPI } from "node-red";
import path from "node:path";
import { FplusError } from "../../lib/errors/index.ts";
import {
  ArchivedHistorian,
  EmbeddedHistorian,
  MonthArchive,
  openHistorian,
  parseRollUps,
} from "../../lib/historian/index.ts";
import { historianSource } from "../../lib/plant/index.ts";
import { defineNode, type NodeContext, numberOf } from "../frame/index.ts";
import type { ObjectsService } from "../fplus-object-store/service.ts";
import { serveTest } from "./routes.ts";
import { type HistorianService, identityOf } from "./service.ts";
import { type HistorianConfig, influxOptions } from "./settings.ts";

const ARCHIVE_BUCKET = "historian";

/** A historian that nodes can choose: the embedded store in a folder, or an InfluxDB server. */
export default function (RED: NodeAPI): void {
  defineNode<HistorianConfig>(
    RED,
    "fplus-historian",
    (node) => ({
      service: withArchive(node, node.config.engine === "influx" ? influxService(node) : embeddedService(node)),
    }),
    { credentials: { token: { type: "password" } }, once: serveTest },
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
  const options = influxOptions({ ...config, name }, credentials["token"]);
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
