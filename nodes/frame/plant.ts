import type { NodeAPI, NodeDef } from "node-red";
import path from "node:path";
import type { BrokerAddress } from "../../lib/broker/index.ts";
import { openPlant, type Plant, type PlantServices, processLeases } from "../../lib/plant/index.ts";
import { serviceOf } from "./service.ts";

/** The properties of an `fplus-plant` config node. */
export interface PlantConfig {
  readonly name: string;
  /** Folder for spools, history and certificates; blank = `fplus` in the Node-RED user directory. */
  readonly folder: string;
  /** Id of an `fplus-historian`; blank = the embedded one. */
  readonly historian: string;
  /** Id of an `fplus-object-store`; blank = the embedded one. */
  readonly objects: string;
  /** Id of an `fplus-search-engine`; blank = the embedded one. */
  readonly search: string;
  /** Id of an `fplus-broker`; blank = the embedded broker's address. */
  readonly broker: string;
  /** Id of an `fplus-database`; blank = the embedded one. */
  readonly database: string;
  /** Id of an `fplus-cache-store`; blank = the one in this process. */
  readonly cache: string;
}

// A stopping process closes what would otherwise linger for the next deploy; Node-RED itself ends the process.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.prependOnceListener(signal, () => {
    processLeases.stop().catch(() => undefined);
  });
}

let current: { key: string; plant: Plant } | undefined;

/**
 * The plant of this Node-RED: the one `fplus-plant` config node, or the embedded defaults where there is none.
 * Read from the flow's configuration and not from the running node, because config nodes start in no certain order.
 */
export function plantOf(RED: NodeAPI): Plant {
  const config = findConfig(RED);
  const folder = config?.folder || path.join(RED.settings.userDir ?? process.cwd(), "fplus");
  const key = JSON.stringify([
    config?.name,
    folder,
    config?.historian,
    config?.objects,
    config?.search,
    config?.database,
    config?.cache,
    config?.broker,
  ]);
  if (current?.key !== key) {
    const options = { name: config?.name || "Plant", stateDir: path.resolve(folder), linkBase: linkBaseOf(RED) };
    current?.plant.retire();
    current = { key, plant: openPlant(options, servicesOf(RED, config)) };
  }
  return current.plant;
}

function findConfig(RED: NodeAPI): PlantConfig | undefined {
  let found: (NodeDef & PlantConfig) | undefined;
  RED.nodes.eachNode((definition) => {
    if ((definition as NodeDef).type === "fplus-plant") found ??= definition as NodeDef & PlantConfig;
  });
  return found;
}

function servicesOf(RED: NodeAPI, config: PlantConfig | undefined): PlantServices {
  // A plant that was saved by an older version lacks the newer fields.
  const { historian = "", objects = "", search = "", database = "", cache = "", broker = "" } = config ?? {};
  return {
    ...(database === "" ? {} : { database: () => serviceOf(RED, database, "database") }),
    ...(cache === "" ? {} : { cache: () => serviceOf(RED, cache, "cache") }),
    ...(historian === "" ? {} : { historian: () => serviceOf(RED, historian, "historian") }),
    ...(objects === "" ? {} : { objects: () => serviceOf(RED, objects, "objects") }),
    ...(search === "" ? {} : { search: () => serviceOf(RED, search, "search") }),
    ...(broker === ""
      ? {}
      : { broker: () => serviceOf<{ address(): BrokerAddress }>(RED, broker, "broker").address() }),
  };
}

/** Where this Node-RED serves links to objects: `FPLUS_PUBLIC_URL` where it stands behind another name. */
export function linkBaseOf(RED: NodeAPI): string {
  const { uiHost, uiPort, https, httpNodeRoot } = RED.settings as typeof RED.settings & { readonly https?: unknown };
  const host = uiHost === undefined || /^(0\.0\.0\.0|::)$/.test(uiHost) ? "localhost" : uiHost;
  const here = `${https === undefined ? "http" : "https"}://${host}:${uiPort ?? 1880}`;
  const base = (process.env["FPLUS_PUBLIC_URL"] || here).replace(/\/+$/, "");
  const root = typeof httpNodeRoot === "string" ? httpNodeRoot.replace(/\/+$/, "") : "";
  return `${base}${root}/fplus/objects`;
}
