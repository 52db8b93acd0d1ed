import path from "node:path";
import type { BrokerAddress } from "../broker/index.ts";
import type { Cache } from "../cache/index.ts";
import type { Database } from "../database/index.ts";
import { HealthBoard } from "../health/index.ts";
import { type HistorianOptions, type HistorianStore, openHistorian } from "../historian/index.ts";
import type { ObjectStore } from "../objects/index.ts";
import { defaultCache, leaseCache } from "./cache.ts";
import { defaultDatabase, leaseDatabase } from "./database.ts";
import { type Lease, LeaseTable } from "./lease.ts";
import { defaultObjects, leaseObjectStore } from "./objects.ts";
import type { SearchStore } from "../search/index.ts";
import { defaultSearch, leaseSearchStore } from "./search.ts";

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
  readonly historian?: () => HistorianSource;
  readonly objects?: () => ObjectsSource;
  readonly search?: () => SearchSource;
  readonly broker?: () => BrokerAddress;
  readonly database?: () => DatabaseSource;
  readonly cache?: () => CacheSource;
}

/** Who can lend a historian: the config node, or the plant itself. */
export interface HistorianSource {
  lease(): Lease<HistorianStore>;
}

/** Who can lend an object store: the config node, or the plant itself. */
export interface ObjectsSource {
  lease(): Lease<ObjectStore>;
}

/** Who can lend a database. */
export interface DatabaseSource {
  lease(): Lease<Database>;
}

/** Who can lend a search engine: the config node, or the plant itself. */
export interface SearchSource {
  lease(): Lease<SearchStore>;
}

/** Who can lend a cache. */
export interface CacheSource {
  lease(): Lease<Cache>;
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
}

/** Nodes of one process share sessions, and are shown on one health page. */
export const processLeases = new LeaseTable();
/** The parts of all plants of this process, on one health page. */
export const processHealth = new HealthBoard();

/** Makes a plant from its settings; nothing is opened until it is used. */
export function openPlant(options: PlantOptions, services: PlantServices = {}): Plant {
  return {
    ...options,
    health: processHealth,
    leases: processLeases,
    historian() {
      if (services.historian !== undefined) return services.historian().lease();
      const store = defaultHistorian(options.stateDir, process.env);
      const [key, fingerprint] =
        store.engine === "embedded" ? [store.directory, ""] : [store.url, JSON.stringify(store)];
      return processLeases.acquire(`historian ${key}`, () => openHistorian(store), fingerprint);
    },
    objects() {
      if (services.objects !== undefined) return services.objects().lease();
      const { stateDir, linkBase = "/fplus/objects" } = options;
      return leaseObjectStore(processLeases, processHealth, defaultObjects(stateDir, linkBase, process.env));
    },
    database() {
      if (services.database !== undefined) return services.database().lease();
      return leaseDatabase(processLeases, processHealth, defaultDatabase(options.stateDir, process.env), "plant");
    },
    search() {
      if (services.search !== undefined) return services.search().lease();
      return leaseSearchStore(processLeases, processHealth, defaultSearch(options.stateDir, process.env));
    },
    cache() {
      if (services.cache !== undefined) return services.cache().lease();
      return leaseCache(processLeases, processHealth, defaultCache(process.env), "plant");
    },
    brokerAddress() {
      return services.broker?.() ?? { url: process.env["FPLUS_BROKER_URL"] || "mqtt://127.0.0.1:1883" };
    },
  };
}

/** The embedded store, or the InfluxDB that the environment names. */
function defaultHistorian(stateDir: string, env: NodeJS.ProcessEnv): HistorianOptions {
  const url = env["FPLUS_INFLUX_URL"];
  if (!url) return { engine: "embedded", directory: path.join(stateDir, "historian") };
  const org = env["FPLUS_INFLUX_ORG"];
  const token = env["FPLUS_INFLUX_TOKEN"];
  return {
    engine: "influx",
    url,
    bucket: env["FPLUS_INFLUX_BUCKET"] || "factoryplus",
    ...(org ? { org } : {}),
    ...(token ? { token } : {}),
  };
}
