import type { BrokerAddress } from "../broker/index.ts";
import type { Cache } from "../cache/index.ts";
import type { Database } from "../database/index.ts";
import { HealthBoard, type PartHealth } from "../health/index.ts";
import type { HistorianStore } from "../historian/index.ts";
import type { ObjectStore } from "../objects/index.ts";
import type { SearchStore } from "../search/index.ts";
import { cacheSource, defaultCache } from "./cache.ts";
import { databaseSource, defaultDatabase } from "./database.ts";
import { environmentSource } from "./environment.ts";
import { defaultHistorianSource } from "./historian.ts";
import { type Lease, LeaseTable, type ReportingResource } from "./lease.ts";
import { defaultObjects, objectsSource } from "./objects.ts";
import { defaultSearch, searchSource } from "./search.ts";
import type { StoreSource } from "./source.ts";

/** Name and place of a plant. */
export interface PlantOptions {
  readonly name: string;
  /** Absolute folder under which spools, history, certificates live. */
  readonly stateDir: string;
  /** Address under which this process serves links to objects of embedded stores (`http://plant:1880/fplus/objects`). */
  readonly linkBase?: string;
}

/** Stores that a user chose in place of the embedded ones. */
export interface PlantServices {
  readonly historian?: () => StoreSource<HistorianStore>;
  readonly objects?: () => StoreSource<ObjectStore>;
  readonly search?: () => StoreSource<SearchStore>;
  readonly broker?: () => BrokerAddress;
  readonly database?: () => StoreSource<Database>;
  readonly cache?: () => StoreSource<Cache>;
}

/** A plant: embedded defaults, replaced store by store. Cheap to make; stores open at first use. */
export interface Plant {
  readonly name: string;
  readonly stateDir: string;
  readonly health: HealthBoard;
  readonly leases: LeaseTable;
  /** The plant's historian; await `value.open()` (safe to repeat) before use, release when done. */
  historian(): Lease<HistorianStore>;
  /** The plant's object store; it opens itself at its first use, release when done. */
  objects(): Lease<ObjectStore>;
  /** The plant's search engine; it opens itself at its first use, release when done. */
  search(): Lease<SearchStore>;
  /** The plant's relational database; await `ready` before use, release when done. It starts at the first statement. */
  database(): Lease<Database>;
  /** The plant's cache; it opens itself at its first use, release when done. */
  cache(): Lease<Cache>;
  /** Where nodes connect that name no broker. */
  brokerAddress(): BrokerAddress;
  /** Takes its stores that nobody uses off the health page, when another plant takes its place. */
  retire(): void;
}

/** Nodes of one process share sessions, and are shown on one health page. */
export const processLeases = new LeaseTable();
/** The parts of all plants of this process, on one health page. */
export const processHealth = new HealthBoard();

/** Makes a plant from its settings; nothing is opened until it is used. Its stores are on the health page from now on. */
export function openPlant(options: PlantOptions, services: PlantServices = {}): Plant {
  const sources = { ...defaultSources(options), ...services };
  const { historian, objects, database, search, cache } = sources;
  const shown = [historian, objects, database, search, cache].map((source) =>
    processHealth.addUnused(() => unusedOf(source)),
  );
  return {
    ...options,
    health: processHealth,
    leases: processLeases,
    historian: () => historian().lease(),
    objects: () => objects().lease(),
    database: () => database().lease(),
    search: () => search().lease(),
    cache: () => cache().lease(),
    brokerAddress() {
      return services.broker?.() ?? { url: process.env["FPLUS_BROKER_URL"] || "mqtt://127.0.0.1:1883" };
    },
    retire() {
      for (const off of shown) off();
    },
  };
}

const OBJECTS_NAMES = {
  kind: "objects",
  url: "FPLUS_S3_URL",
  accessKey: "FPLUS_S3_ACCESS_KEY",
  secretKey: "FPLUS_S3_SECRET_KEY",
  region: "FPLUS_S3_REGION",
  encryptionKey: "FPLUS_OBJECTS_KEY",
};

/** The stores of a plant where nobody chose: embedded, or what the environment names. */
function defaultSources({ stateDir, linkBase = "/fplus/objects" }: PlantOptions) {
  const [env, leases, health] = [process.env, processLeases, processHealth];
  return {
    historian: () =>
      environmentSource({ kind: "historian", url: "FPLUS_INFLUX_URL" }, () =>
        defaultHistorianSource(leases, stateDir, env),
      ),
    objects: () =>
      environmentSource(OBJECTS_NAMES, () => objectsSource(leases, health, defaultObjects(stateDir, linkBase, env))),
    database: () =>
      environmentSource({ kind: "database", url: "FPLUS_DATABASE_URL" }, () =>
        databaseSource(leases, health, defaultDatabase(stateDir, env), "plant"),
      ),
    search: () =>
      environmentSource({ kind: "search", url: "FPLUS_MEILI_URL" }, () =>
        searchSource(leases, health, defaultSearch(stateDir, env)),
      ),
    cache: () =>
      environmentSource({ kind: "cache", url: "FPLUS_REDIS_URL" }, () =>
        cacheSource(leases, health, defaultCache(env), "plant"),
      ),
  };
}

/** A store of a node that does not run, or whose settings are wrong, is shown by that node. */
function unusedOf(source: () => StoreSource<ReportingResource>): PartHealth | undefined {
  try {
    return source().unused();
  } catch {
    return undefined;
  }
}
