import type { ClientSession, DataValue, NodeId } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { SampleBatch } from "../sample/index.ts";
import { BatchOutlet } from "./batch-outlet.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import { type EnumTexts, readEnumerations } from "./enumeration.ts";
import { faultOf } from "./internals.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { tagKey } from "./monitored-items.ts";
import { PollScheduler } from "./poll-scheduler.ts";
import { resolveAddresses } from "./resolve.ts";
import { StructureTypes } from "./structure.ts";
import type { Tag } from "./tag.ts";
import { internTags, refusedTag, type TagReader, type TagReaderOptions } from "./tag-reader.ts";

/** Rate of polling. */
export interface PollerOptions extends TagReaderOptions {
  /** Milliseconds from the begin of one round to that of the next; a round that takes longer is not overtaken. */
  readonly everyMs: number;
}

/** The session a poller works on now. */
interface Link {
  readonly session: ClientSession;
  readonly limits: ServerLimits;
  readonly opcua: Opcua;
}

/** What is read, and what its values become. */
interface Table {
  readonly nodeIds: readonly NodeId[];
  readonly tags: readonly Tag[];
  readonly signals: readonly number[];
  readonly texts: readonly (EnumTexts | undefined)[];
  readonly structures: StructureTypes;
}

/** The codes with which a server says that a node is not there (OPC 10000-6 A.2). */
const UNKNOWN_NODE: ReadonlySet<number> = new Set([0x80330000, 0x80340000]);

/** Reads a table of tags again and again: for servers without subscriptions, and where every round is wanted, changed or not. */
export class Poller implements TagReader {
  readonly #endpoint: Endpoint;
  readonly #refused = new Map<string, Tag>();
  readonly #outlet: BatchOutlet;
  #options: PollerOptions;
  #tags: readonly Tag[];
  #link: Link | undefined;
  #stop: (() => void) | undefined;
  #heardAt = 0;
  #active = 0;

  constructor(endpoint: Endpoint, tags: readonly Tag[], options: PollerOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#tags = tags;
    this.#outlet = new BatchOutlet((samples) => void (endpoint.reading.untaken += samples));
    this.#outlet.listen(options.onBatch);
    endpoint.learn(tags);
  }

  get active(): number {
    return this.#active;
  }

  get refused(): number {
    return this.#refused.size;
  }

  get silence(): number {
    return this.#heardAt === 0 ? 0 : Math.max(0, Date.now() - this.#heardAt - this.#options.everyMs);
  }

  async update(tags: readonly Tag[], options: PollerOptions): Promise<void> {
    this.#options = options;
    this.#tags = tags;
    this.#endpoint.learn(tags);
    this.#outlet.listen(options.onBatch);
    const keys = new Set(tags.map(tagKey));
    for (const key of this.#refused.keys()) if (!keys.has(key)) this.#refused.delete(key);
    if (this.#link !== undefined) await this.#begin(this.#link);
  }

  mute(): void {
    this.#outlet.listen(undefined);
  }

  async connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    const link = { session, limits, opcua };
    this.#link = link;
    await this.#begin(link);
  }

  disconnected(): void {
    this.#link = undefined;
    this.#stop?.();
    this.#stop = undefined;
    this.#count(0);
    this.#refused.clear();
  }

  async close(): Promise<void> {
    this.disconnected();
  }

  /** Joins the rounds with the present table; rounds with the former one go on until then. */
  async #begin(link: Link): Promise<void> {
    const { everyMs } = this.#options;
    const table = await this.#describe(link);
    if (this.#link !== link) return;
    this.#heardAt = Date.now();
    this.#count(table.nodeIds.length);
    const before = this.#stop;
    this.#stop =
      table.nodeIds.length === 0
        ? undefined
        : PollScheduler.of(link.session, link.limits, link.opcua).add(everyMs, {
            nodeIds: table.nodeIds,
            take: (values) => this.#take(table, values),
            failed: (error) => this.#failed(error),
          });
    before?.();
  }

  async #describe({ session, limits, opcua }: Link): Promise<Table> {
    const signals = internTags(this.#endpoint, this.#tags);
    const addresses = this.#tags.map(({ nodeId }) => nodeId);
    const found = (await resolveAddresses(session, limits, opcua, addresses)).flatMap((nodeId, i) => {
      const tag = this.#tags[i]!;
      if (typeof nodeId !== "string") return [{ nodeId, tag, signal: signals[i]!.id }];
      this.#refuse(tag, nodeId);
      return [];
    });
    const nodeIds = found.map(({ nodeId }) => nodeId);
    const texts = this.#options.enumTexts ? await readEnumerations(session, limits, opcua, nodeIds) : [];
    const structures = await StructureTypes.of(session, limits, opcua, nodeIds, () => {
      this.#endpoint.reading.undecoded += 1;
    });
    return {
      nodeIds,
      tags: found.map(({ tag }) => tag),
      signals: found.map(({ signal }) => signal),
      texts,
      structures,
    };
  }

  #take({ tags, signals, texts, structures }: Table, values: readonly DataValue[]): void {
    const now = Date.now();
    const batch = new SampleBatch(values.length);
    values.forEach((value, i) => {
      const tag = tags[i]!;
      if (UNKNOWN_NODE.has(value.statusCode.value >>> 0)) return this.#refuse(tag, value.statusCode.name);
      this.#refused.delete(tagKey(tag));
      return addDataValue(batch, signals[i]!, value, now, texts[i], structures);
    });
    this.#heardAt = now;
    this.#endpoint.reading.changes += batch.length;
    if (batch.length > 0) this.#outlet.put(batch);
  }

  /** A server that answers with a fault needs a new session; one that does not answer, a new connection. */
  #failed(error: unknown): void {
    if (faultOf(error) === undefined) this.#endpoint.reconnect(messageOf(error));
    else this.#endpoint.restart(messageOf(error));
  }

  #refuse(tag: Tag, reason: string): void {
    const key = tagKey(tag);
    if (this.#refused.has(key)) return;
    this.#refused.set(key, tag);
    this.#options.onError?.(refusedTag(tag, reason));
  }

  #count(active: number): void {
    this.#endpoint.items += active - this.#active;
    this.#active = active;
  }
}
