import type { NodeAPI } from "node-red";
import { type Mapped, mapError, Mapper, MapQueue, type RuleCounts } from "../../lib/gateway/index.ts";
import type { SampleValue } from "../../lib/sample/index.ts";
import {
  amount,
  batchOf,
  defineNode,
  liveStatus,
  type Message,
  messagesOf,
  type NodeBehaviour,
  type NodeContext,
  type OutputShape,
  Rate,
} from "../frame/index.ts";
import { compilerFor } from "./compiler.ts";
import { serveMapRoutes } from "./routes.ts";
import type { MapService } from "./service.ts";

interface MapConfig {
  readonly name: string;
  readonly rules: readonly unknown[];
  readonly path: string;
  readonly unmapped: "pass" | "drop";
  readonly output: OutputShape;
}

/** How often silence is looked for. */
const SILENCE_MS = 500;

/** From raw tags to the plant's own names, units and rules. */
export default function (RED: NodeAPI): void {
  defineNode<MapConfig>(RED, "fplus-map", map, { once: serveMapRoutes });
}

function map(node: NodeContext<MapConfig>): NodeBehaviour {
  const { config } = node;
  const name = config.name || "map";
  const shape = config.output || "batch";
  const mapper = new Mapper({
    name,
    rules: config.rules ?? [],
    path: config.path ?? "",
    passUnmapped: config.unmapped !== "drop",
    compile: compilerFor(node.RED, node.node),
  });
  if (mapper.mistakes.length > 0) node.report(mapError(mapper.mistakes));
  const queue = new MapQueue(mapper);
  const rate = new Rate();
  const silence = mapper.watchesSilence
    ? setInterval(() => lookForSilence(node, queue, name, shape), SILENCE_MS)
    : undefined;
  const stopStatus = liveStatus(node, () => {
    const { conflicts, ...totals } = mapper.totals();
    const { unmappedTags } = mapper;
    const bad = badOf(totals);
    const parts = [
      `${amount(rate.perSecond())}/s`,
      ...(bad > 0 ? [`${amount(bad)} bad`] : []),
      ...(unmappedTags > 0 ? [`${amount(unmappedTags)} ${unmappedTags === 1 ? "tag" : "tags"} unmapped`] : []),
      ...(mapper.mistakes.length > 0
        ? [`${mapper.mistakes.length} ${mapper.mistakes.length === 1 ? "row" : "rows"} wrong`]
        : []),
    ];
    const isFlawed = mapper.mistakes.length > 0 || conflicts > 0 || totals.formula > 0 || queue.refused > 0;
    return [isFlawed ? "warning" : "up", parts.join(" · ")];
  });
  const off = node.plant.health.add(() => {
    const { samples, unmapped, ...counters } = mapper.totals();
    const rules = `${mapper.rules.length} ${mapper.rules.length === 1 ? "row" : "rows"}`;
    return {
      kind: "map",
      name,
      status: mapper.mistakes.length > 0 ? "degraded" : "up",
      mode: "embedded",
      detail: mapper.mistakes.length > 0 ? mapError(mapper.mistakes).message : rules,
      counters: {
        samples,
        ...counters,
        bad: badOf(counters),
        // To pass tags on as they are may be all that is wanted; what is dropped is not.
        ...(config.unmapped === "drop" ? { unmapped } : { passedOn: unmapped }),
        refused: queue.refused,
      },
      gauges: {
        rules: mapper.rules.length,
        tags: mapper.routes().length,
        unmappedTags: mapper.unmappedTags,
        waiting: queue.waiting,
      },
    };
  });
  return {
    service: { mapper } satisfies MapService,
    async input(msg, send) {
      const state = deviceStates(mapper, msg);
      if (state !== undefined) {
        send([state, null, null]);
        return;
      }
      const write = writeOf(mapper, msg);
      if (write !== undefined) {
        send([null, null, write]);
        return;
      }
      const batch = batchOf(msg);
      const result = queue.map(batch);
      const mapped = result instanceof Promise ? await result : result;
      rate.add(batch.length);
      const good = messagesOf(mapped.good, shape, name);
      const { unmappedTags: unmapped } = mapper;
      send([
        unmapped === 0 ? good : good.map((message) => ({ ...message, unmapped })),
        badMessages(mapped, shape, name),
        null,
      ]);
      // One goes with the message to the Catch nodes, the others are said by themselves.
      const [first, ...others] = mapped.errors.values();
      for (const error of others) node.report(error);
      if (first !== undefined) throw first;
    },
    close() {
      clearInterval(silence);
      stopStatus();
      off();
    },
  };
}

function badOf(totals: RuleCounts): number {
  return totals.range + totals.allowed + totals.rate + totals.stale + totals.type + totals.unit + totals.formula;
}

function lookForSilence(node: NodeContext<MapConfig>, queue: MapQueue, name: string, shape: OutputShape): void {
  Promise.resolve(queue.checkSilence()).then(
    (mapped) => {
      const bad = badMessages(mapped, shape, name);
      if (bad.length > 0) node.send([null, bad, null]);
    },
    (error: unknown) => node.report(error),
  );
}

/** Bad samples with their reasons: beside the value, in each sample, or as a list or by name beside the payload. */
function badMessages({ bad, reasons }: Mapped, shape: OutputShape, name: string): Message[] {
  if (bad === undefined) return [];
  const messages = messagesOf(bad, shape, name);
  if (shape === "value") return messages.map((message, i) => ({ ...message, reason: reasons[i] }));
  const [message] = messages;
  if (message === undefined) return [];
  const { payload } = message as { payload: unknown };
  if (shape === "array")
    return [{ ...message, payload: (payload as object[]).map((sample, i) => ({ ...sample, reason: reasons[i] })) }];
  if (shape === "object")
    return [
      { ...message, reasons: Object.fromEntries(Object.keys(payload as object).map((key, i) => [key, reasons[i]])) },
    ];
  return [{ ...message, reasons }];
}

/** A reader's word that a device is lost or found goes on under the plant's name of it; undefined for samples. */
function deviceStates(mapper: Mapper, msg: Message): Message[] | undefined {
  const { payload } = msg as { payload: unknown };
  const { device, state } = (payload ?? {}) as { device?: unknown; state?: unknown };
  if (typeof msg["death"] !== "boolean" || typeof device !== "string" || typeof state !== "string") return undefined;
  return mapper
    .devicesOf(device)
    .map((name) => ({ ...msg, topic: name, payload: { ...(payload as object), device: name } }) as Message);
}

/**
 * A write to one of our metrics, as a sparkplug device node hands it on, for the node that writes to the source; undefined for
 * anything else. @throws FplusError `map.write`
 */
function writeOf(mapper: Mapper, msg: Message): Message | undefined {
  const { device, metric, payload } = msg as { device?: unknown; metric?: unknown; payload: unknown };
  if (typeof device !== "string" || typeof metric !== "string") return undefined;
  const raw = mapper.rawWrite(device, metric, payload as SampleValue);
  const { type: _mapped, ...rest } = msg;
  return {
    ...rest,
    topic: `${raw.device}/${raw.tag}`,
    payload: raw.value,
    device: raw.device,
    metric: raw.tag,
  } as unknown as Message;
}
