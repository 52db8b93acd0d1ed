import type { AddressSpace, OPCUAServer, UAObject, UAVariable } from "node-opcua";
import { mkdirSync } from "node:fs";
import { FplusError, messageOf } from "../../errors/index.ts";
import { type Listener, Listeners } from "../listeners.ts";
import { loadOpcua, type Opcua } from "../load.ts";
import { AddressSpaceBuilder, type ServedTag, variantOf } from "./address-space-builder.ts";
import { MachineAlarms } from "./alarms.ts";
import { keepHistory, supportAggregates } from "./history.ts";
import { PlantModel } from "./plant-model.ts";
import { addRecipe } from "./recipe.ts";

/** How the simulator listens, its size and its pace. */
export interface SimulatorOptions {
  readonly port: number;
  readonly host: string;
  /** About how many tags in all. */
  readonly tags: number;
  /** Milliseconds between two updates of every tag. */
  readonly rateMs: number;
  readonly seed: number;
  /** Folder for the server's certificates. */
  readonly pkiFolder: string;
}

const PORT_RETRIES = 20;
const PORT_RETRY_MS = 250;
/** Variables are set in this many slices of a period, so that an update never holds up the process for long. */
const SLICE_TAGS = 500;
/** Machines with history and alarms: the first line. More of them would slow the start of a large plant. */
const WATCHED_MACHINES = 6;

/** An OPC UA server with a believable plant behind it: the owner's DeviceSet and System, and lines of machines. */
export class Simulator {
  readonly #options: SimulatorOptions;
  readonly model: PlantModel;
  readonly #listeners = new Listeners();
  readonly #served: ServedTag[] = [];
  #server: OPCUAServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #updates = 0;
  #count: UAVariable | undefined;
  #health: UAVariable | undefined;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.model = new PlantModel({ tags: options.tags, seed: options.seed });
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  get tagCount(): number {
    return this.model.tagCount;
  }

  /** Changes made since the start. */
  get updates(): number {
    return this.#updates;
  }

  get sessions(): number {
    return this.#server?.currentSessionCount ?? 0;
  }

  get endpointUrl(): string {
    return `opc.tcp://${this.#options.host}:${this.#options.port}/fplus`;
  }

  /** Adds a listener; returns what takes it off again. */
  listen(listener: Listener): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Builds the address space and listens.
   * @throws FplusError `opcua.unreachable` when the port is taken, `feature.off` when node-opcua is absent
   */
  async open(): Promise<void> {
    const opcua = await loadOpcua();
    for (let attempt = 1; !this.#closed; attempt++) {
      try {
        await this.#listen(opcua);
        return;
      } catch (error) {
        const taken = /EADDRINUSE/.test(messageOf(error));
        if (taken && attempt < PORT_RETRIES) await new Promise((resolve) => setTimeout(resolve, PORT_RETRY_MS));
        else throw this.#startError(error);
      }
    }
  }

  /** Puts a machine into the fault state; false where there is none of that name. */
  triggerFault(machine: string, code: number): boolean {
    const found = this.model.machine(machine);
    found?.triggerFault(code);
    return found !== undefined;
  }

  resetFault(machine: string): boolean {
    const found = this.model.machine(machine);
    found?.resetFault();
    return found !== undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const server = this.#server;
    this.#server = undefined;
    await server?.shutdown(0);
  }

  async #listen(opcua: Opcua): Promise<void> {
    const { host, port, pkiFolder } = this.#options;
    mkdirSync(pkiFolder, { recursive: true });
    const server = new opcua.OPCUAServer({
      host,
      hostname: host,
      port,
      resourcePath: "/fplus",
      allowAnonymous: true,
      buildInfo: { productName: "Factory+ plant simulator", manufacturerName: "Factory+ for Node-RED" },
      serverCertificateManager: new opcua.OPCUACertificateManager({
        rootFolder: pkiFolder,
        automaticallyAcceptUnknownCertificate: true,
      }),
      serverCapabilities: {
        maxSessions: 50,
        maxMonitoredItemsQueueSize: 1000,
        maxMonitoredItems: 50_000,
        maxMonitoredItemsPerSubscription: 20_000,
      },
    });
    try {
      await server.initialize();
      await this.#build(opcua, server.engine.addressSpace!);
      await server.start();
    } catch (error) {
      await server.shutdown(0).catch(() => undefined);
      throw error;
    }
    this.#server = server;
    this.#run(opcua);
  }

  async #build(opcua: Opcua, space: AddressSpace): Promise<void> {
    this.#served.length = 0;
    const namespace = space.getOwnNamespace();
    const objects = space.rootFolder.objects;
    const builder = new AddressSpaceBuilder(opcua, space);
    const deviceSet = namespace.addFolder(objects, { browseName: "DeviceSet" });
    for (const modelled of this.model.devices) this.#served.push(...builder.machine(deviceSet, modelled));
    const system = namespace.addFolder(objects, { browseName: "System" });
    this.#health = builder.variable(system, "ServerStatus", "s=System.ServerStatus", "String");
    this.#count = builder.variable(system, "Diagnostics", "s=System.Diagnostics", "UInt32");
    for (const modelled of this.model.machines) {
      const line = modelled.hierarchy.reduce((parent, level) => builder.folder(parent, level), objects as UAObject);
      this.#served.push(...builder.machine(line, modelled));
    }
    await this.#watch(opcua, space);
  }

  /** History and alarms of the first machines, and the recipe of the oven. */
  async #watch(opcua: Opcua, space: AddressSpace): Promise<void> {
    supportAggregates(opcua, space);
    const alarms = new MachineAlarms(opcua, space);
    for (const { machine } of this.model.machines.slice(0, WATCHED_MACHINES)) {
      const tags = this.#served.filter((tag) => tag.machine === machine);
      for (const { definition, variable } of tags) if (definition.history) keepHistory(opcua, space, variable);
      const variable = (path: string) => tags.find(({ definition }) => definition.path === path)?.variable;
      const [temperature, faultCode] = [variable("Temperature"), variable("FaultCode")];
      const object = space.findNode(`ns=1;s=${machine.name}`) as UAObject | null;
      if (object === null) continue;
      if (temperature && faultCode) alarms.add(machine, object, temperature, faultCode);
      if (machine.kind.type === "Oven") await addRecipe(opcua, space, machine, object);
    }
  }

  /** One period: the plant moves on, then every tag is set, a slice at a time spread over the period. */
  #run(opcua: Opcua): void {
    const { rateMs } = this.#options;
    const slices = Math.max(1, Math.min(20, Math.ceil(this.#served.length / SLICE_TAGS)));
    let slice = 0;
    let last = Date.now();
    const tick = (): void => {
      try {
        if (slice === 0) {
          const now = Date.now();
          this.model.step((now - last) / 1000);
          last = now;
          this.#set(opcua, this.#count, "UInt32", this.#updates >>> 0);
          this.#set(opcua, this.#health, "String", "running");
        }
        const size = Math.ceil(this.#served.length / slices);
        const time = new Date();
        for (const tag of this.#served.slice(slice * size, (slice + 1) * size)) {
          if (tag.machine.link === "frozen") continue;
          takeWritten(tag);
          const variant = variantOf(opcua, tag);
          const { Good, BadCommunicationError } = opcua.StatusCodes;
          tag.variable.setValueFromSource(variant, tag.machine.link === "broken" ? BadCommunicationError : Good, time);
          tag.shown = variant.value;
          this.#updates += 1;
        }
        slice = (slice + 1) % slices;
      } catch (error) {
        this.#listeners.error(error);
      }
    };
    tick();
    this.#timer = setInterval(tick, rateMs / slices);
  }

  #set(opcua: Opcua, variable: UAVariable | undefined, type: "UInt32" | "String", value: number | string): void {
    variable?.setValueFromSource({ dataType: opcua.DataType[type], value });
  }

  #startError(error: unknown): FplusError {
    if (error instanceof FplusError) return error;
    return new FplusError(
      "opcua.unreachable",
      `the simulator cannot listen on port ${this.#options.port}: ${messageOf(error)}`,
      {
        field: "port",
        hint: "Choose another port in the simulator node, or with FPLUS_OPCUA_PORT.",
        cause: error,
      },
    );
  }
}

/** Gives the machine what a client has written since the last period. */
function takeWritten({ definition, machine, variable, shown }: ServedTag): void {
  if (definition.write === undefined || shown === undefined) return;
  const written: unknown = variable.readValue().value.value;
  if (typeof written === "number" && written !== shown) definition.write(machine, written);
}
