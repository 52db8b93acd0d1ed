import path from "node:path";
import { messageOf } from "../../lib/errors/index.ts";
import {
  type Endpoint,
  Monitor,
  type MonitorOptions,
  Poller,
  type PollerOptions,
  type Tag,
  type TagReader,
} from "../../lib/opcua/index.ts";
import type { Lease, Plant, Resource } from "../../lib/plant/index.ts";
import type { SampleBatch } from "../../lib/sample/index.ts";
import { numberOf, objectNumber } from "../frame/index.ts";

/** How tags are read, as the dialog says it. */
export interface ReadingConfig {
  readonly mode: "subscribe" | "poll";
  readonly pollMs: string | number;
  readonly publishingMs: string | number;
  readonly samplingMs: string | number;
  readonly queueSize: string | number;
  readonly surviveSeconds?: string | number;
  readonly acknowledge?: "stored" | "handed";
  readonly enums: "text" | "number";
}

/** Whom a reader tells. */
export interface ReadingListener {
  readonly onBatch: (batch: SampleBatch) => void;
  readonly onError: (error: unknown) => void;
  readonly onNotice: (text: string) => void;
}

const SURVIVE_SECONDS = 30;

/**
 * A reader at work on its endpoint. It outlives a redeploy: the node that comes back finds it, says what has changed, and
 * receives what came meanwhile.
 */
export class Reading implements Resource {
  readonly reader: TagReader;
  readonly #endpoint: Endpoint;
  readonly #update: (tags: readonly Tag[], config: ReadingConfig, listener: ReadingListener) => Promise<void>;
  readonly #stopUsing: () => void;

  private constructor(endpoint: Endpoint, config: ReadingConfig, listener: ReadingListener, memoryFile: string) {
    this.#endpoint = endpoint;
    if (config.mode === "poll") {
      const poller = new Poller(endpoint, [], pollerOptions(config, listener));
      this.reader = poller;
      this.#update = (tags, to, who) => poller.update(tags, pollerOptions(to, who));
    } else {
      const monitor = new Monitor(endpoint, [], { ...monitorOptions(config, listener), memoryFile });
      this.reader = monitor;
      this.#update = (tags, to, who) => monitor.update(tags, monitorOptions(to, who));
    }
    this.#stopUsing = endpoint.use(this.reader);
  }

  /** The reader of a node: the one at work where endpoint and way of reading are the same, else a new one. */
  static lease(
    plant: Plant,
    nodeId: string,
    endpoint: Endpoint,
    config: ReadingConfig,
    listener: ReadingListener,
  ): Lease<Reading> {
    const memoryFile = path.join(plant.stateDir, "opcua", `${nodeId}.json`);
    return plant.leases.acquire(
      `opcua-read ${nodeId}`,
      () => new Reading(endpoint, config, listener, memoryFile),
      `${objectNumber(endpoint)} ${config.mode}`,
    );
  }

  /** Reads these tags from now on, and tells this listener. */
  read(tags: readonly Tag[], config: ReadingConfig, listener: ReadingListener): void {
    this.#update(tags, config, listener).catch((error: unknown) => {
      listener.onError(error);
      this.#endpoint.restart(messageOf(error));
    });
  }

  async close(): Promise<void> {
    this.#stopUsing();
    await this.reader.close();
  }
}

/**
 * To be called before anything is opened that would have to be closed again.
 * @throws FplusError `config.invalid` naming the field
 */
export function checkReading(config: ReadingConfig): void {
  if (config.mode === "poll") pollTimes(config);
  else monitorNumbers(config);
}

function pollTimes(config: ReadingConfig): { readonly everyMs: number } {
  return { everyMs: numberOf(config, "pollMs", { usual: 1000, least: 10 }) };
}

function monitorNumbers(
  config: ReadingConfig,
): Pick<MonitorOptions, "publishingMs" | "samplingMs" | "queueSize" | "surviveMs"> {
  return {
    publishingMs: numberOf(config, "publishingMs", { usual: 100, least: 10 }),
    samplingMs: numberOf(config, "samplingMs", { usual: 0, least: 0 }),
    queueSize: numberOf(config, "queueSize", { usual: 10, least: 1 }),
    surviveMs: numberOf(config, "surviveSeconds", { usual: SURVIVE_SECONDS, least: 0 }) * 1000,
  };
}

function pollerOptions(config: ReadingConfig, listener: ReadingListener): PollerOptions {
  return {
    ...listener,
    enumTexts: config.enums !== "number",
    ...pollTimes(config),
  };
}

function monitorOptions(config: ReadingConfig, listener: ReadingListener): MonitorOptions {
  return {
    ...listener,
    enumTexts: config.enums !== "number",
    ...monitorNumbers(config),
    acknowledge: config.acknowledge === "handed" ? "handed" : "stored",
  };
}
