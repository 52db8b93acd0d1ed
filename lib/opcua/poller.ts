import type { ClientSession, DataValue } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { SampleBatch } from "../sample/index.ts";
import { BatchOutlet } from "./batch-outlet.ts";
import { addDataValue } from "./data-value.ts";
import { type DescribedTag, describeTags } from "./described-tags.ts";
import type { Endpoint } from "./endpoint.ts";
import { faultOf } from "./internals.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { PollScheduler } from "./poll-scheduler.ts";
import { ReaderTable } from "./reader-table.ts";
import { RefusedTags } from "./refused-tags.ts";
import type { SessionLink } from "./session-link.ts";
import type { StructureTypes } from "./structure.ts";
import type { Tag } from "./tag.ts";
import type { TagReader, TagReaderOptions } from "./tag-reader.ts";

/** Rate of polling. */
export interface PollerOptions extends TagReaderOptions {
  /** Milliseconds from the begin of one round to that of the next; a round that takes longer is not overtaken. */
  readonly everyMs: number;
}

/** The codes with which a server says that a node is not there (OPC 10000-6 A.2). */
const UNKNOWN_NODE: ReadonlySet<number> = new Set([0x80330000, 0x80340000]);

/** Reads a table of tags again and again: for servers without subscriptions, and where every round is wanted, changed or not. */
export class Poller implements TagReader {
  readonly #endpoint: Endpoint;
  readonly #refused = new RefusedTags();
  readonly #outlet: BatchOutlet;
  readonly #table: ReaderTable;
  #options: PollerOptions;
  #link: SessionLink | undefined;
  #stop: (() => void) | undefined;
  #heardAt = 0;
  #active = 0;

  constructor(endpoint: Endpoint, tags: readonly Tag[], options: PollerOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#table = new ReaderTable(endpoint, tags);
    this.#outlet = new BatchOutlet((samples) => void (endpoint.reading.untaken += samples));
    this.#outlet.listen(options.onBatch);
  }

  get active(): number {
    return this.#active;
  }

  get refused(): number {
    return this.#refused.size;
  }

  get overdue(): number {
    return this.#heardAt === 0 ? 0 : Math.max(0, Date.now() - this.#heardAt - this.#options.everyMs);
  }

  /** A poll asks for nothing that could be revised. */
  get revised(): boolean {
    return false;
  }

  async update(tags: readonly Tag[], options: PollerOptions): Promise<void> {
    this.#options = options;
    this.#table.set(tags);
    this.#outlet.listen(options.onBatch);
    this.#refused.keepOnly(tags);
    if (this.#link !== undefined) await this.#begin(this.#link);
  }

  mute(): void {
    this.#outlet.mute(false);
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
    this.#table.close();
  }

  /** Joins the rounds with the present table; rounds with the former one go on until then. */
  async #begin(link: SessionLink): Promise<void> {
    const { everyMs } = this.#options;
    const { tags, structures } = await describeTags(link, this.#table.tags, this.#table.signals, {
      enumTexts: this.#options.enumTexts,
      structures: undefined,
      onUndecoded: () => void (this.#endpoint.reading.undecoded += 1),
      onRefused: (tag, reason) => this.#refuse(tag, reason),
    });
    if (this.#link !== link) return;
    this.#heardAt = Date.now();
    this.#count(tags.length);
    const before = this.#stop;
    this.#stop =
      tags.length === 0
        ? undefined
        : PollScheduler.of(link.session, link.limits, link.opcua).add(everyMs, {
            nodeIds: tags.map(({ nodeId }) => nodeId),
            take: (values) => this.#take(tags, structures, values),
            failed: (error) => this.#failed(error),
          });
    before?.();
  }

  #take(tags: readonly DescribedTag[], structures: StructureTypes, values: readonly DataValue[]): void {
    const now = Date.now();
    const batch = new SampleBatch(values.length);
    values.forEach((value, i) => {
      const { tag, signal, texts } = tags[i]!;
      if (UNKNOWN_NODE.has(value.statusCode.value >>> 0)) return this.#refuse(tag, value.statusCode.name);
      this.#refused.delete(tag);
      return addDataValue(batch, signal, value, now, texts, structures);
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
    this.#refused.add(tag, reason, this.#options.onError);
  }

  #count(active: number): void {
    this.#endpoint.items += active - this.#active;
    this.#active = active;
  }
}
