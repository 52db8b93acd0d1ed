import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import {
  checkTags,
  discoverTags,
  type Endpoint,
  Monitor,
  type SessionUser,
  type Tag,
  tableError,
} from "../../lib/opcua/index.ts";
import type { SampleBatch } from "../../lib/sample/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import {
  amount,
  defineNode,
  liveStatus,
  messagesOf,
  type NodeBehaviour,
  type NodeContext,
  type OutputShape,
  Rate,
} from "../frame/index.ts";

interface ReadConfig {
  readonly name: string;
  readonly endpoint: string;
  readonly source: "table" | "discover";
  readonly root: string;
  readonly limit: string | number;
  readonly tags: readonly unknown[];
  readonly publishingMs: string | number;
  readonly samplingMs: string | number;
  readonly queueSize: string | number;
  readonly output: OutputShape;
}

/** Without a sign of life from the server for so long, what is shown is stale. */
const STALE_MS = 10_000;
const REDISCOVER_MS = 30_000;

/** Reads OPC UA variables: those of a table, or all that the server has. */
export default function (RED: NodeAPI): void {
  defineNode<ReadConfig>(RED, "fplus-opcua-read", read);
}

function read(node: NodeContext<ReadConfig>): NodeBehaviour {
  const { config } = node;
  const { endpoint } = node.service<EndpointService>(config.endpoint, "endpoint");
  const rate = new Rate();
  let reader: TagReader | undefined;
  const send = (batch: SampleBatch): void => {
    rate.add(batch.length);
    const messages = messagesOf(batch, config.output || "batch", endpoint.options.name);
    for (const message of messages) node.send(message);
  };
  if (config.source === "discover") reader = new DiscoveringReader(node, endpoint, send);
  else {
    const { tags, mistakes } = checkTags(config.tags ?? []);
    if (mistakes.length > 0) node.report(tableError(mistakes));
    if (tags.length > 0) reader = new TableReader(node, endpoint, tags, send);
  }
  const stopUsing = reader === undefined ? undefined : endpoint.use(reader);
  const stopStatus = liveStatus(node, () => {
    const monitor = reader?.monitor;
    if (reader === undefined) return ["warning", "no tags chosen"];
    if (endpoint.state !== "up") {
      const seconds = Math.round(endpoint.stateAge / 1000);
      return endpoint.state === "connecting"
        ? ["busy", "connecting"]
        : ["down", `stale ${seconds} s · ${endpoint.reason}`];
    }
    if (monitor === undefined) return ["busy", "browsing"];
    if (monitor.silence > STALE_MS) return ["warning", `stale ${Math.round(monitor.silence / 1000)} s`];
    const flaw = monitor.refused > 0 ? ` · ${monitor.refused} refused` : "";
    return [
      monitor.refused > 0 ? "warning" : "up",
      `${amount(monitor.active)} tags · ${amount(rate.perSecond())}/s${flaw}`,
    ];
  });
  return {
    async close() {
      stopStatus();
      stopUsing?.();
      await reader?.monitor?.close();
    },
  };
}

interface TagReader extends SessionUser {
  readonly monitor: Monitor | undefined;
}

/** Reads the tags of a table. */
class TableReader implements TagReader {
  readonly monitor: Monitor;

  constructor(
    node: NodeContext<ReadConfig>,
    endpoint: Endpoint,
    tags: readonly Tag[],
    send: (batch: SampleBatch) => void,
  ) {
    this.monitor = monitorOf(node, endpoint, tags, send);
  }

  connected(...session: Parameters<SessionUser["connected"]>): Promise<void> {
    return this.monitor.connected(...session);
  }

  disconnected(): void {
    this.monitor.disconnected();
  }
}

/** Reads everything the server has; looks anew at every connection, because the server may have changed. */
class DiscoveringReader implements TagReader {
  readonly #node: NodeContext<ReadConfig>;
  readonly #endpoint: Endpoint;
  readonly #send: (batch: SampleBatch) => void;
  #retry: NodeJS.Timeout | undefined;
  monitor: Monitor | undefined;

  constructor(node: NodeContext<ReadConfig>, endpoint: Endpoint, send: (batch: SampleBatch) => void) {
    this.#node = node;
    this.#endpoint = endpoint;
    this.#send = send;
  }

  async connected(...[session, limits, opcua]: Parameters<SessionUser["connected"]>): Promise<void> {
    const { root, limit } = this.#node.config;
    const most = Number(limit) || 1000;
    const tags = await discoverTags(session, limits, opcua, { limit: most, ...(root ? { root } : {}) });
    if (tags.length === 0) {
      // A server that is still building its address space has its variables later.
      this.#retry = setTimeout(() => this.#endpoint.restart("no variables yet"), REDISCOVER_MS);
      const where = root || "the Objects folder";
      this.#node.report(
        new FplusError("opcua.node-unknown", `no variables below ${where}`, {
          field: "root",
          hint: "It is looked at again.",
        }),
      );
      return;
    }
    if (tags.length === most)
      this.#node.warn(`The server has ${most} variables or more; raise the limit to read them all.`);
    this.monitor = monitorOf(this.#node, this.#endpoint, tags, this.#send);
    await this.monitor.connected(session, limits, opcua);
  }

  disconnected(): void {
    clearTimeout(this.#retry);
    this.monitor?.disconnected();
  }
}

function monitorOf(
  node: NodeContext<ReadConfig>,
  endpoint: Endpoint,
  tags: readonly Tag[],
  onBatch: (batch: SampleBatch) => void,
): Monitor {
  const { publishingMs, samplingMs, queueSize } = node.config;
  return new Monitor(endpoint, tags, {
    publishingMs: Number(publishingMs) || 100,
    samplingMs: Number(samplingMs) || 0,
    queueSize: Number(queueSize) || 10,
    onBatch,
    onError: (error) => node.report(error),
  });
}
