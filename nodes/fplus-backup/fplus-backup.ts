import type { NodeAPI } from "node-red";
import path from "node:path";
import { toFplusError } from "../../lib/errors/index.ts";
import type { ObjectStore } from "../../lib/objects/index.ts";
import {
  ageText,
  BackupKeeper,
  BackupShelf,
  type KeeperState,
  type MadeBackup,
  nextRunOf,
  packageVersion,
} from "../../lib/operations/index.ts";
import type { Lease, ReportingResource } from "../../lib/plant/index.ts";
import type { ObjectsService } from "../fplus-object-store/service.ts";
import {
  defineNode,
  liveStatus,
  type Message,
  type NodeContext,
  onFlowsStarted,
  type StatusState,
} from "../frame/index.ts";
import { actionOf, backupConfig, type BackupConfig, type BackupSettings, keyOf } from "./request.ts";

/** Makes backups of the plant, lists, checks and deletes them. */
export default function (RED: NodeAPI): void {
  defineNode<BackupConfig>(
    RED,
    "fplus-backup",
    (node) => {
      const settings = backupConfig(node.config, node.credentials["encryptionKey"]);
      const leases = leasesOf(node);
      const ready = keeperOf(node, settings, leases);
      let [offBoard, stopStatus, stopWaiting] = [(): void => {}, (): void => {}, (): void => {}];
      let closed = false;
      ready.then(
        (one) => {
          if (closed) return;
          offBoard = node.plant.health.add(() => one.health());
          stopStatus = liveStatus(node, () => statusOf(one.state));
          stopWaiting = onFlowsStarted(RED, () => one.start());
        },
        (error: unknown) => node.report(error),
      );
      return {
        async input(msg, send) {
          const one = await ready;
          const action = actionOf(node.config, msg);
          send({ ...msg, action, payload: await WORK[action](one, node, msg) } as Message);
        },
        async close() {
          closed = true;
          stopWaiting();
          stopStatus();
          offBoard();
          await ready.then(
            (one) => one.close(),
            () => undefined,
          );
          for (const lease of Object.values(leases)) await lease?.release();
        },
      };
    },
    { credentials: { encryptionKey: { type: "password" } } },
  );
}

/** Does what is asked and gives the payload. */
type Work = (keeper: BackupKeeper, node: NodeContext<BackupConfig>, msg: Message) => Promise<unknown>;

const WORK: Readonly<Record<ReturnType<typeof actionOf>, Work>> = {
  make: (keeper) => keeper.make(),
  list: (keeper) => keeper.list(),
  verify: (keeper, { config }, msg) => keeper.verify(keyOf(config, msg)),
  async delete(keeper, { config }, msg) {
    const key = keyOf(config, msg, true);
    await keeper.delete(key);
    return { key };
  },
};

interface Leases {
  readonly objects: Lease<ObjectStore>;
  readonly database: ReturnType<NodeContext<BackupConfig>["plant"]["database"]> | undefined;
  readonly historian: ReturnType<NodeContext<BackupConfig>["plant"]["historian"]> | undefined;
  /** The plant's own objects, where some of them go along. */
  readonly content: Lease<ObjectStore> | undefined;
  readonly [name: string]: Lease<ReportingResource> | undefined;
}

function leasesOf(node: NodeContext<BackupConfig>): Leases {
  const { config, plant } = node;
  return {
    objects: config.store ? node.service<ObjectsService>(config.store, "store").lease() : plant.objects(),
    database: config.tables ? plant.database() : undefined,
    historian: config.history === "none" ? undefined : plant.historian(),
    content: config.buckets.trim() === "" ? undefined : plant.objects(),
  };
}

async function keeperOf(
  node: NodeContext<BackupConfig>,
  settings: BackupSettings,
  leases: Leases,
): Promise<BackupKeeper> {
  const { plant, RED } = node;
  const next = settings.schedule === undefined ? undefined : await nextRunOf(settings.schedule);
  for (const lease of Object.values(leases)) await lease?.ready;
  const { flowFile, userDir = process.cwd() } = RED.settings as typeof RED.settings & { readonly flowFile?: unknown };
  const { objects, database, historian, content } = leases;
  return new BackupKeeper({
    name: node.name,
    places: {
      nodeRed: {
        userDir,
        stateDir: plant.stateDir,
        ...(typeof flowFile === "string" ? { flowFile: path.relative(userDir, path.resolve(userDir, flowFile)) } : {}),
      },
      ...(database === undefined ? {} : { database: database.value }),
      ...(historian === undefined ? {} : { historian: historian.value }),
      ...(content === undefined ? {} : { objects: content.value }),
    },
    shelf: new BackupShelf({ objects: objects.value, bucket: settings.bucket, plant: plant.name }),
    backup: { plant: plant.name, version: packageVersion(), ...settings.backup },
    retention: settings.retention,
    ...(next === undefined ? {} : { next }),
    ...(settings.warnAfterMs === undefined ? {} : { warnAfterMs: settings.warnAfterMs }),
    onMade: (made: MadeBackup) => node.send({ topic: "backup", action: "make", payload: made } as unknown as Message),
    onFailed: (error) => node.report(toFplusError("backup.target", error)),
  });
}

const MEGABYTE = 1e6;

function statusOf({ running, last, fault, tooOld, kept }: KeeperState): [StatusState, string] {
  if (running !== undefined) {
    const verb = running.doing === "verify" ? "verifying" : "backing up";
    return ["busy", `${verb} · ${sizeText(running.bytes)}`];
  }
  const said =
    last === undefined ? "no backup yet" : `${agoText(Date.now() - last.time)} · ${sizeText(last.size)} · ${kept} kept`;
  if (fault !== "") return ["down", `failed: ${fault}`];
  if (last === undefined) return [tooOld ? "warning" : "idle", said];
  return [tooOld ? "warning" : "up", said];
}

function sizeText(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`;
  return bytes < MEGABYTE ? `${Math.round(bytes / 1000)} kB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

function agoText(ms: number): string {
  return ms < 60_000 ? "just now" : `${ageText(ms)} ago`;
}
