import type { NodeAPI } from "node-red";
import { checkTags, type Tag, tableError } from "../../lib/opcua/index.ts";
import type { SampleBatch } from "../../lib/sample/index.ts";
import { DeviceWatch } from "./device-watch.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import {
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
import { readStatus } from "./read-status.ts";
import { checkReading, Reading, type ReadingConfig } from "./reading.ts";
import { SentTableMemory } from "./sent-table-memory.ts";
import { sentTable } from "./table-message.ts";
import { TagChoice } from "./tag-choice.ts";

interface ReadConfig extends ReadingConfig {
  readonly name: string;
  readonly endpoint: string;
  readonly source: "table" | "discover" | "message";
  readonly root: string;
  readonly limit: string | number;
  readonly tags: readonly unknown[];
  readonly staleSeconds: string | number;
  readonly output: OutputShape;
}

const USUAL_LIMIT = 1000;

/** Reads OPC UA variables: those of a table, from the dialog or a message, or all that the server has. */
export default function (RED: NodeAPI): void {
  defineNode<ReadConfig>(RED, "fplus-opcua-read", read);
}

function read(node: NodeContext<ReadConfig>): NodeBehaviour {
  const { config } = node;
  const { endpoint } = node.service<EndpointService>(config.endpoint, "endpoint");
  const output = config.output || "batch";
  // Only a whole batch can be confirmed by who stores it.
  const how: ReadingConfig = output === "batch" ? config : { ...config, acknowledge: "handed" };
  checkReading(how);
  const limit = numberOf(config, "limit", { usual: USUAL_LIMIT, least: 1 });
  const staleMs = numberOf(config, "staleSeconds", { usual: 0, least: 0 }) * 1000;
  const rate = new Rate();
  let begin: (() => void) | undefined;
  let isStarted = false;
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
  const watch = new DeviceWatch(endpoint, reader, staleMs, (messages) => node.send([null, messages]));
  const stopWaiting = onFlowsStarted(node.RED, () => {
    isStarted = true;
    begin?.();
  });
  const choice = new TagChoice(endpoint, listener);
  const kept = new SentTableMemory(node.plant, node.id);
  const waits = config.source === "message";
  /** What the dialog says; where messages bring the table, the last one that came. */
  const choose = (): void => {
    if (config.source === "discover") choice.discover(config.root, limit);
    else if (waits) choice.table(kept.load());
    else {
      const { tags, mistakes } = checkTags(config.tags ?? []);
      if (mistakes.length > 0) node.report(tableError(mistakes));
      choice.table(tags);
    }
  };
  choose();
  const stopWatching = endpoint.use(watch);
  const stopStatus = liveStatus(node, () =>
    readStatus({
      endpoint,
      reader,
      choice,
      rate: rate.perSecond(),
      waits,
      ...watch.troubles(),
    }),
  );
  return {
    input(msg) {
      if (msg["reset"] === true) {
        kept.forget();
        choose();
        return;
      }
      const { tags, mistakes } = sentTable(msg);
      choice.table(tags);
      if (waits) kept.save(tags);
      if (mistakes.length > 0) throw tableError(mistakes);
    },
    async close(removed) {
      stopWaiting();
      stopStatus();
      stopWatching();
      watch.close();
      choice.close();
      reader.mute();
      if (removed) kept.forget();
      await (removed ? lease.discard() : lease.release());
    },
  };
}
