import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import {
  checkTags,
  discoverTags,
  type Endpoint,
  Monitor,
  Poller,
  type SessionUser,
  type Tag,
  tableError,
  type TagReader,
} from "../../lib/opcua/index.ts";
import type { SampleBatch } from "../../lib/sample/index.ts";
import { DeviceWatch } from "./device-watch.ts";
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
  readonly mode: "subscribe" | "poll";
  readonly pollMs: string | number;
  readonly publishingMs: string | number;
  readonly samplingMs: string | number;
  readonly queueSize: string | number;
  readonly enums: "text" | "number";
  readonly staleSeconds: string | number;
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
  let user: SessionUser | undefined;
  let reader: TagReader | undefined;
  const send = (batch: SampleBatch): void => {
    batch.receipt?.confirm();
    rate.add(batch.length);
    watch.samples(batch);
    const messages = messagesOf(batch, config.output || "batch", endpoint.options.name);
    for (const message of messages) node.send([message, null]);
  };
  const watch = new DeviceWatch(endpoint, Number(config.staleSeconds || 0) * 1000, (messages) =>
    node.send([null, messages]),
  );
  const begin = (tags: readonly Tag[]): TagReader => {
    watch.follow(tags);
    return (reader = readerOf(node, endpoint, tags, send));
  };
  if (config.source === "discover") user = new Discovery(node, endpoint, begin);
  else {
    const { tags, mistakes } = checkTags(config.tags ?? []);
    if (mistakes.length > 0) node.report(tableError(mistakes));
    if (tags.length > 0) user = begin(tags);
  }
  const stopUsing = user === undefined ? undefined : endpoint.use(user);
  const stopWatching = endpoint.use(watch);
  const stopStatus = liveStatus(node, () => {
    if (user === undefined) return ["warning", "no tags chosen"];
    if (endpoint.state !== "up") {
      const seconds = Math.round(endpoint.stateAge / 1000);
      return endpoint.state === "connecting"
        ? ["busy", "connecting"]
        : ["down", `stale ${seconds} s · ${endpoint.reason}`];
    }
    if (reader === undefined) return ["busy", "browsing"];
    if (reader.silence > STALE_MS) return ["warning", `stale ${Math.round(reader.silence / 1000)} s`];
    const flaw = reader.refused > 0 ? ` · ${reader.refused} refused` : "";
    return [
      reader.refused > 0 ? "warning" : "up",
      `${amount(reader.active)} ${reader.active === 1 ? "tag" : "tags"} · ${amount(rate.perSecond())}/s${flaw}`,
    ];
  });
  return {
    async close() {
      stopStatus();
      stopWatching();
      watch.close();
      stopUsing?.();
      await reader?.close();
    },
  };
}

/** Reads everything the server has; looks anew at every connection, because the server may have changed. */
class Discovery implements SessionUser {
  readonly #node: NodeContext<ReadConfig>;
  readonly #endpoint: Endpoint;
  readonly #begin: (tags: readonly Tag[]) => TagReader;
  #retry: NodeJS.Timeout | undefined;
  #reader: TagReader | undefined;

  constructor(node: NodeContext<ReadConfig>, endpoint: Endpoint, begin: (tags: readonly Tag[]) => TagReader) {
    this.#node = node;
    this.#endpoint = endpoint;
    this.#begin = begin;
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
    this.#reader = this.#begin(tags);
    await this.#reader.connected(session, limits, opcua);
  }

  disconnected(): void {
    clearTimeout(this.#retry);
    this.#reader?.disconnected();
  }
}

function readerOf(
  node: NodeContext<ReadConfig>,
  endpoint: Endpoint,
  tags: readonly Tag[],
  onBatch: (batch: SampleBatch) => void,
): TagReader {
  const { mode, pollMs, publishingMs, samplingMs, queueSize, enums } = node.config;
  const common = {
    enumTexts: enums !== "number",
    onBatch,
    onError: (error: unknown) => node.report(error),
    onNotice: (text: string) => node.warn(text),
  };
  if (mode === "poll") return new Poller(endpoint, tags, { ...common, everyMs: Number(pollMs) || 1000 });
  return new Monitor(endpoint, tags, {
    ...common,
    publishingMs: Number(publishingMs) || 100,
    samplingMs: Number(samplingMs) || 0,
    queueSize: Number(queueSize) || 10,
  });
}
