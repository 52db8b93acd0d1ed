import type { NodeAPI } from "node-red";
import { checkTags, type SessionUser, type Tag, tableError } from "../../lib/opcua/index.ts";
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
  numberOf,
  onFlowsStarted,
  type OutputShape,
  Rate,
} from "../frame/index.ts";
import { Reading, type ReadingConfig } from "./reading.ts";
import { Discovery, TemplateTable } from "./tag-source.ts";

interface ReadConfig extends ReadingConfig {
  readonly name: string;
  readonly endpoint: string;
  readonly source: "table" | "discover";
  readonly root: string;
  readonly limit: string | number;
  readonly tags: readonly unknown[];
  readonly staleSeconds: string | number;
  readonly output: OutputShape;
}

/** Without a sign of life from the server for so long, what is shown is stale. */
const STALE_MS = 10_000;
/** A certificate that ends before is shown in yellow. */
const URGENT_DAYS = 7;
const USUAL_LIMIT = 1000;

/** Reads OPC UA variables: those of a table, or all that the server has. */
export default function (RED: NodeAPI): void {
  defineNode<ReadConfig>(RED, "fplus-opcua-read", read);
}

function read(node: NodeContext<ReadConfig>): NodeBehaviour {
  const { config } = node;
  const { endpoint } = node.service<EndpointService>(config.endpoint, "endpoint");
  const output = config.output || "batch";
  // Only a whole batch can be confirmed by who stores it.
  const how: ReadingConfig = output === "batch" ? config : { ...config, acknowledge: "handed" };
  const rate = new Rate();
  const limit = numberOf(config, "limit", { usual: USUAL_LIMIT, least: 1 });
  let begin: (() => void) | undefined;
  let isStarted = false;
  const stopWaiting = onFlowsStarted(node.RED, () => {
    isStarted = true;
    begin?.();
  });
  const watch = new DeviceWatch(endpoint, numberOf(config, "staleSeconds", { usual: 0, least: 0 }) * 1000, (messages) =>
    node.send([null, messages]),
  );
  const listener = {
    onBatch: (batch: SampleBatch): void => {
      rate.add(batch.length);
      watch.samples(batch);
      for (const message of messagesOf(batch, output, endpoint.options.name)) node.send([message, null]);
    },
    onError: (error: unknown) => node.report(error),
    onNotice: (text: string) => node.warn(text),
    onTags: (tags: readonly Tag[]): void => {
      watch.follow(tags);
      begin = () => lease.value.read(tags, how, listener);
      if (isStarted) begin();
    },
  };
  const lease = Reading.lease(node.plant, node.id, endpoint, how, listener);
  const { reader } = lease.value;
  let source: SessionUser | undefined;
  let chosen = 0;
  if (config.source === "discover") source = new Discovery(endpoint, listener, config.root, limit);
  else {
    const { tags, mistakes } = checkTags(config.tags ?? []);
    chosen = tags.length;
    if (mistakes.length > 0) node.report(tableError(mistakes));
    if (tags.some(({ type }) => type !== undefined)) source = new TemplateTable(endpoint, listener, tags);
    else listener.onTags(tags);
  }
  const stopSource = source === undefined ? undefined : endpoint.use(source);
  const stopWatching = endpoint.use(watch);
  const stopStatus = liveStatus(node, () => {
    if (source === undefined && chosen === 0) return ["warning", "no tags chosen"];
    if (endpoint.state !== "up") {
      const seconds = Math.round(endpoint.stateAge / 1000);
      return endpoint.state === "connecting"
        ? ["busy", "connecting"]
        : ["down", `stale ${seconds} s · ${endpoint.reason}`];
    }
    if (reader.active === 0 && reader.refused === 0) return ["busy", source === undefined ? "subscribing" : "browsing"];
    if (reader.silence > STALE_MS) return ["warning", `stale ${Math.round(reader.silence / 1000)} s`];
    const { certificateDays } = endpoint;
    const flaw =
      reader.refused > 0
        ? ` · ${reader.refused} refused`
        : certificateDays !== undefined
          ? ` · certificate ${certificateDays < 0 ? "expired" : `${certificateDays} d`}`
          : reader.revised
            ? " · revised"
            : "";
    return [
      reader.refused > 0 || (certificateDays ?? URGENT_DAYS) < URGENT_DAYS ? "warning" : "up",
      `${amount(reader.active)} ${reader.active === 1 ? "tag" : "tags"} · ${amount(rate.perSecond())}/s${flaw}`,
    ];
  });
  return {
    async close(removed) {
      stopWaiting();
      stopStatus();
      stopWatching();
      watch.close();
      stopSource?.();
      reader.mute();
      await (removed ? lease.discard() : lease.release());
    },
  };
}
