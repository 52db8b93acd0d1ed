import type { NodeAPI, NodeDef } from "node-red";
import path from "node:path";
import type { BrokerAddress } from "../../lib/broker/index.ts";
import { openPlant, type Plant, type PlantServices, processLeases } from "../../lib/plant/index.ts";
import { serviceOf } from "./define.ts";

/** The properties of an `fplus-plant` config node. */
export interface PlantConfig {
  readonly name: string;
  /** Folder for spools, history and certificates; blank = `fplus` in the Node-RED user directory. */
  readonly folder: string;
  /** Id of an `fplus-historian`; blank = the embedded one. */
  readonly historian: string;
  /** Id of an `fplus-broker`; blank = the embedded broker's address. */
  readonly broker: string;
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
  const key = JSON.stringify([config?.name, folder, config?.historian, config?.broker]);
  if (current?.key !== key) {
    current = {
      key,
      plant: openPlant({ name: config?.name || "Plant", stateDir: path.resolve(folder) }, servicesOf(RED, config)),
    };
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
  const { historian, broker } = config ?? { historian: "", broker: "" };
  return {
    ...(historian === "" ? {} : { historian: () => serviceOf(RED, historian, "historian") }),
    ...(broker === ""
      ? {}
      : { broker: () => serviceOf<{ address(): BrokerAddress }>(RED, broker, "broker").address() }),
  };
}
