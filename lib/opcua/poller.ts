import type { ClientSession, ReadValueIdOptions } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { SampleBatch, type Signal } from "../sample/index.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import { type EnumTexts, readEnumerations } from "./enumeration.ts";
import type { Opcua } from "./load.ts";
import type { Tag } from "./tag.ts";
import { resolveAddresses } from "./resolve.ts";
import { StructureTypes } from "./structure.ts";
import { internTags, refusedTag, type TagReader, type TagReaderOptions } from "./tag-reader.ts";

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
  readonly #options: PollerOptions;
  readonly #tags: readonly Tag[];
  readonly #signals: readonly Signal[];
  readonly #refused = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  #heardAt = 0;
  #active = 0;

  constructor(endpoint: Endpoint, tags: readonly Tag[], options: PollerOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#tags = tags;
    this.#signals = internTags(endpoint, tags);
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

  async connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    this.disconnected();
    const addresses = this.#tags.map(({ nodeId }) => nodeId);
    const items = (await resolveAddresses(session, limits, opcua, addresses)).flatMap((nodeId, tagIndex) => {
      if (typeof nodeId !== "string") return [{ tagIndex, nodeId }];
      this.#refuse(tagIndex, nodeId);
      return [];
    });
    const nodeIds = items.map(({ nodeId }) => nodeId);
    const texts = this.#options.enumTexts ? await readEnumerations(session, limits, opcua, nodeIds) : [];
    const structures = await StructureTypes.of(
      session,
      limits,
      opcua,
      nodeIds,
      () => void (this.#endpoint.reading.undecoded += 1),
    );
    const request = items.map(({ nodeId }) => ({ nodeId, attributeId: opcua.AttributeIds.Value }));
    this.#heardAt = Date.now();
    this.#active = items.length;
    this.#endpoint.items += this.#active;
    const round = ++this.#round;
    const poll = (): void => {
      const began = performance.now();
      this.#read(session, limits, request, items, texts, structures, round).then(
        () => {
          if (round !== this.#round) return;
          this.#timer = setTimeout(poll, Math.max(0, this.#options.everyMs - (performance.now() - began)));
        },
        (error: unknown) => round === this.#round && this.#endpoint.restart(messageOf(error)),
      );
    };
    poll();
  }

  disconnected(): void {
    clearTimeout(this.#timer);
    this.#round++;
    this.#endpoint.items -= this.#active;
    this.#active = 0;
    this.#refused.clear();
  }

  async close(): Promise<void> {
    this.disconnected();
  }

  async #read(
    session: ClientSession,
    limits: ServerLimits,
    request: readonly ReadValueIdOptions[],
    items: readonly { readonly tagIndex: number }[],
    texts: readonly (EnumTexts | undefined)[],
    structures: StructureTypes,
    round: number,
  ): Promise<void> {
    const batch = new SampleBatch(items.length);
    for (let at = 0; at < items.length; at += limits.nodesPerRead) {
      const values = await session.read(request.slice(at, at + limits.nodesPerRead), 0);
      const now = Date.now();
      values.forEach((value, i) => {
        const { tagIndex } = items[at + i]!;
        if (UNKNOWN_NODE.has(value.statusCode.value >>> 0)) return this.#refuse(tagIndex, value.statusCode.name);
        this.#refused.delete(tagIndex);
        return addDataValue(batch, this.#signals[tagIndex]!.id, value, now, texts[at + i], structures);
      });
    }
    if (round !== this.#round) return;
    this.#heardAt = Date.now();
    this.#endpoint.reading.changes += batch.length;
    if (batch.length > 0) this.#options.onBatch(batch);
  }

  #refuse(tagIndex: number, reason: string): void {
    if (this.#refused.has(tagIndex)) return;
    this.#refused.add(tagIndex);
    this.#options.onError?.(refusedTag(this.#tags[tagIndex]!, reason));
  }
}
