import type { Signal } from "../sample/index.ts";
import { batchSize } from "./batches.ts";
import { describeTags } from "./described-tags.ts";
import {
  itemRequest,
  type ItemRequest,
  type MonitoredItem,
  MonitoredItems,
  tagKey,
  type WantedItem,
} from "./monitored-items.ts";
import type { ReaderTable } from "./reader-table.ts";
import { RefusedTags } from "./refused-tags.ts";
import type { SessionLink } from "./session-link.ts";
import { tableChanges } from "./table-changes.ts";
import type { Tag } from "./tag.ts";

/** How the items of a table are asked for. */
export interface TableItemsOptions {
  /** Rates of tags that name none of their own, in milliseconds and values. */
  readonly samplingMs: number;
  readonly publishingMs: number;
  readonly queueSize: number;
  readonly surviveMs: number;
  readonly enumTexts: boolean;
  readonly onError: ((error: unknown) => void) | undefined;
  readonly onUndecoded: () => void;
}

/** The monitored items of a reader's table: made what the table says, with as few changes on the server as that takes. */
export class TableItems {
  readonly #items = new MonitoredItems();
  readonly #refused = new RefusedTags();
  readonly #table: ReaderTable;
  readonly #options: () => TableItemsOptions;

  constructor(table: ReaderTable, options: () => TableItemsOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** The items by client handle, as notifications name them. */
  get byHandle(): MonitoredItems {
    return this.#items;
  }

  /** Tags that the server refuses. */
  get refused(): number {
    return this.#refused.size;
  }

  /** The subscription is gone, and all items with it. */
  clear(): void {
    this.#items.clear();
  }

  /** Takes in items that a former process left on the server. @throws Error of node-opcua */
  async adopt(link: SessionLink, left: readonly MonitoredItem[]): Promise<void> {
    const described = await this.#describe(link, this.#table.tags, this.#table.signals);
    const wanted = new Map(described.map((item) => [tagKey(item.tag), item]));
    for (const item of left) {
      const now = wanted.get(item.key);
      const isSame = now?.tag.nodeId === item.tag.nodeId;
      this.#items.adopt(item, isSame ? now.signal : -1, isSame ? now.texts : undefined);
    }
  }

  /**
   * Makes the server's items what the table says; a tag that is refused is reported.
   * @throws Error of node-opcua; which items the server has is not known then
   */
  async sync(link: SessionLink, subscriptionId: number): Promise<void> {
    const { tags, signals } = this.#table;
    const place = { ...link, subscriptionId, batch: batchSize(link.limits, "itemsPerCall") };
    const { gone, modified, fresh, kept } = tableChanges(this.#items, tags, (tag) => this.#requestFor(tag));
    for (const { item, place: i } of kept) this.#items.rename(item, tags[i]!, signals[i]!.id);
    this.#refused.keepOnly(tags);
    if (gone.length > 0) await this.#items.remove(place, gone);
    if (modified.length > 0) await this.#items.modify(place, modified);
    if (fresh.length === 0) return;
    const [newTags, newSignals] = [fresh.map((i) => tags[i]!), fresh.map((i) => signals[i]!)];
    const wanted = await this.#describe(link, newTags, newSignals);
    await this.#items.create(place, wanted, ({ tag }, reason) => this.#refuse(tag, reason));
    for (const { tag } of wanted) if (this.#items.get(tagKey(tag)) !== undefined) this.#refused.delete(tag);
  }

  /** What there is to know of tags before items are made of them; those without a node are refused. */
  async #describe(link: SessionLink, tags: readonly Tag[], signals: readonly Signal[]): Promise<WantedItem[]> {
    const { enumTexts, onUndecoded } = this.#options();
    const described = await describeTags(link, tags, signals, {
      enumTexts,
      structures: this.#items.structures,
      onUndecoded,
      onRefused: (tag, reason) => this.#refuse(tag, reason),
    });
    this.#items.structures = described.structures;
    return described.tags.map((item) => ({ ...item, asked: this.#requestFor(item.tag) }));
  }

  #requestFor(tag: Tag): ItemRequest {
    return itemRequest(tag, this.#options());
  }

  #refuse(tag: Tag, reason: string): void {
    this.#refused.add(tag, reason, this.#options().onError);
  }
}
