import type { ClientSession } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { Receipt, type Signal } from "../sample/index.ts";
import { BatchOutlet } from "./batch-outlet.ts";
import { BatchSize } from "./batches.ts";
import { DeferredAcknowledgement } from "./deferred-acknowledgement.ts";
import { describeTags } from "./described-tags.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import {
  isSameRequest,
  itemRequest,
  type ItemPlace,
  type ItemRequest,
  type MonitoredItem,
  MonitoredItems,
  tagKey,
  type WantedItem,
} from "./monitored-items.ts";
import { NotificationReader } from "./notification-reader.ts";
import type { NotificationMessage } from "./publish-loop.ts";
import { revisionNotice } from "./revision.ts";
import type { SessionLink } from "./session-link.ts";
import { Subscription, type SubscriptionHandlers } from "./subscription.ts";
import { type RememberedSubscription, SubscriptionMemory } from "./subscription-memory.ts";
import type { Tag } from "./tag.ts";
import { internTags, refusedTag, type TagReader, type TagReaderOptions } from "./tag-reader.ts";

/** Rates of a subscription. */
export interface MonitorOptions extends TagReaderOptions {
  /** Milliseconds between two publish responses. */
  readonly publishingMs: number;
  /** Sampling interval of tags that name none. */
  readonly samplingMs: number;
  /** Values the server keeps for us between two publish responses, at least. */
  readonly queueSize: number;
  /** How long the link may be away without a value lost, as far as the server's queues allow; default 30 s. */
  readonly surviveMs?: number;
  /**
   * When the server may forget a message: `stored` when the receipt of its batch is confirmed (or a few seconds later),
   * `handed` as soon as it is handed on. Default `handed`.
   */
  readonly acknowledge?: "stored" | "handed";
  /** File that remembers the subscription, so that a start after a crash takes it over with all that was not stored. */
  readonly memoryFile?: string;
}

const SURVIVE_MS = 30_000;
/** A message that nobody stored within this time, or while so many others wait, is acknowledged. */
const STORED_WITHIN_MS = 5_000;
const MOST_UNSTORED = 50;
const LEAST_LIFETIME_MS = 60_000;
const SILENCE_MARGIN_MS = 5_000;
const WATCH_MS = 1_000;
const RETRY_REFUSED_MS = 60_000;
const CLOSE_MS = 2_000;

/**
 * Subscribes to a table of tags and hands on one batch a publish response. The subscription outlives lost links and
 * changes of the table: only tags that changed are touched. The server keeps each message until it is acknowledged.
 */
export class Monitor implements TagReader {
  readonly #endpoint: Endpoint;
  readonly #items = new MonitoredItems();
  readonly #refused = new Map<string, Tag>();
  readonly #outlet: BatchOutlet;
  readonly #deferred: DeferredAcknowledgement;
  readonly #memory: SubscriptionMemory | undefined;
  #options: MonitorOptions;
  #tags: readonly Tag[] = [];
  #signals: readonly Signal[] = [];
  #link: SessionLink | undefined;
  #batch: BatchSize | undefined;
  #reader: NotificationReader | undefined;
  #subscription: Subscription | undefined;
  /** A call that changes items was cut off: what the server has is not known. */
  #uncertain = false;
  #noticed = "";
  #triedSilence = false;
  #counted = 0;
  #work: Promise<void> = Promise.resolve();
  #watch: NodeJS.Timeout | undefined;
  #retryRefused: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(endpoint: Endpoint, tags: readonly Tag[], options: MonitorOptions) {
    const { reading } = endpoint;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#memory = options.memoryFile === undefined ? undefined : new SubscriptionMemory(options.memoryFile);
    this.#outlet = new BatchOutlet((samples) => void (reading.untaken += samples));
    this.#deferred = new DeferredAcknowledgement({
      withinMs: STORED_WITHIN_MS,
      most: MOST_UNSTORED,
      onUnstored: () => void (reading.unstored += 1),
    });
    this.#setTags(tags);
    this.#listen();
  }

  get active(): number {
    return this.#counted;
  }

  get refused(): number {
    return this.#refused.size;
  }

  get silence(): number {
    return this.#subscription?.silence ?? 0;
  }

  get revised(): boolean {
    return this.#noticed !== "";
  }

  async update(tags: readonly Tag[], options: MonitorOptions): Promise<void> {
    this.#options = options;
    this.#setTags(tags);
    this.#listen();
    await this.#queue((link) => this.#sync(link));
  }

  mute(): void {
    this.#outlet.mute(this.#options.acknowledge === "stored" && this.#deferred.stores);
  }

  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    this.#link = { session, limits, opcua };
    this.#reader ??= new NotificationReader(opcua, this.#endpoint.reading, (error) => this.#options.onError?.(error));
    this.#batch ??= new BatchSize(limits.itemsPerCall);
    this.#batch.limit(limits.itemsPerCall);
    return this.#queue(async (link) => {
      await this.#takeUp(link);
      await this.#sync(link);
    });
  }

  disconnected(): void {
    this.#link = undefined;
    clearInterval(this.#watch);
    clearTimeout(this.#retryRefused);
    this.#watch = undefined;
    this.#retryRefused = undefined;
    this.#count(0);
  }

  /** Ends the subscription on the server too. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const isConnected = this.#link !== undefined;
    this.disconnected();
    this.#deferred.close();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription === undefined || !isConnected) return;
    this.#memory?.forget();
    await Promise.race([subscription.close(), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
  }

  #setTags(tags: readonly Tag[]): void {
    this.#tags = tags;
    this.#signals = internTags(this.#endpoint, tags);
  }

  #listen(): void {
    const { onBatch, acknowledge } = this.#options;
    this.#outlet.listen((batch) => {
      onBatch(batch);
      if (acknowledge !== "stored") batch.receipt?.confirm();
    });
  }

  /** One change of the subscription at a time; those for a connection that is gone are left out. */
  #queue(job: (link: SessionLink) => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      const link = this.#link;
      if (link !== undefined && !this.#closed) await job(link);
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Brings the subscription that there was over to this connection; where the server has it no more, it is made anew. */
  async #takeUp(link: SessionLink): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const { publishing } = this.#endpoint;
    const reason = subscription.isOn(link.session)
      ? await subscription.resume()
      : await subscription.transfer(link.session, publishing);
    if (reason !== "") this.#lost(subscription, reason);
    else if (this.#uncertain) await this.#drop();
  }

  /** Takes over the subscription of a former process, with all that it had not acknowledged. */
  async #adopt(link: SessionLink): Promise<Subscription | undefined> {
    const remembered = this.#memory?.load(this.#endpoint.url);
    if (remembered === undefined) return undefined;
    const wanted = new Map(
      (await this.#describe(link, this.#tags, this.#signals)).map((item) => [tagKey(item.tag), item]),
    );
    for (const item of remembered.items) {
      const now = wanted.get(item.key);
      const isSame = now?.tag.nodeId === item.tag.nodeId;
      this.#items.adopt(item, isSame ? now.signal : -1, isSame ? now.texts : undefined);
    }
    const { opcua, session } = link;
    const handlers = this.#handlers();
    const refused = (reason: string): void => this.#notAdopted(reason);
    const { publishing } = this.#endpoint;
    return Subscription.adopt(opcua, session, publishing, remembered, handlers, refused);
  }

  #notAdopted(reason: string): void {
    this.#items.clear();
    this.#memory?.forget();
    this.#endpoint.reading.lostSubscriptions += 1;
    this.#reader?.lost(this.#signals.map(({ id }) => id));
    this.#options.onNotice?.(
      `The server does not hand over the subscription of the last run (${reason}): values since then may be missing.`,
    );
  }

  #lost(subscription: Subscription, reason: string): void {
    if (this.#subscription !== subscription) return;
    this.#subscription = undefined;
    subscription.lost(reason);
    this.#memory?.forget();
    this.#items.clear();
    this.#endpoint.reading.lostSubscriptions += 1;
    this.#reader?.lost(this.#signals.map(({ id }) => id));
    this.#options.onNotice?.(
      `The server has given the subscription up (${reason}): a new one is made, values in between may be missing.`,
    );
  }

  async #drop(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#items.clear();
    this.#memory?.forget();
    this.#uncertain = false;
    await subscription?.close();
  }

  /** Makes the server's items what the table says. */
  async #sync(link: SessionLink): Promise<void> {
    if (this.#tags.length === 0 && this.#subscription === undefined) return;
    const { publishingMs } = this.#options;
    const settings = { publishingMs, lifetimeMs: Math.max(LEAST_LIFETIME_MS, 2 * this.#surviveMs) };
    const { opcua, session } = link;
    const { publishing } = this.#endpoint;
    this.#subscription ??= await this.#adopt(link);
    this.#subscription ??= await Subscription.create(opcua, session, publishing, settings, this.#handlers());
    const subscription = this.#subscription;
    await subscription.modify(settings);
    this.#uncertain = true;
    await this.#change({ ...link, subscriptionId: subscription.id, batch: this.#batch! }, link);
    this.#uncertain = false;
    if (this.#link !== link) return;
    this.#count(this.#items.size);
    this.#remember(subscription);
    this.#notice(subscription);
    this.#watchSilence(subscription);
    this.#retryLater();
  }

  #handlers(): SubscriptionHandlers {
    return {
      onMessage: (message, acknowledge) => this.#take(message, acknowledge),
      onMissed: (messages) => {
        this.#endpoint.reading.missedMessages += messages;
        this.#reader?.lost(this.#signals.map(({ id }) => id));
      },
      onLost: (reason) => this.#recreate(reason),
      onError: (error) => this.#options.onError?.(error),
      counters: this.#endpoint.reading,
    };
  }

  /** The server ended the subscription, the session lives. */
  #recreate(reason: string): void {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#lost(subscription, reason);
    this.#queue((link) => this.#sync(link)).catch((error: unknown) => this.#endpoint.restart(messageOf(error)));
  }

  async #change(place: ItemPlace, link: SessionLink): Promise<void> {
    const gone = new Map(Array.from(this.#items.all(), (item) => [item.key, item]));
    const fresh: number[] = [];
    const modified: { item: MonitoredItem; tag: Tag; asked: ItemRequest }[] = [];
    const keys = new Set<string>();
    this.#tags.forEach((tag, i) => {
      const key = tagKey(tag);
      const item = this.#items.get(key);
      keys.add(key);
      if (item === undefined || item.tag.nodeId !== tag.nodeId) return fresh.push(i);
      gone.delete(key);
      const asked = this.#requestFor(tag);
      if (!isSameRequest(item.asked, asked)) modified.push({ item, tag, asked });
      this.#items.rename(item, tag, this.#signals[i]!.id);
      return undefined;
    });
    for (const key of this.#refused.keys()) if (!keys.has(key)) this.#refused.delete(key);
    if (gone.size > 0) await this.#items.remove(place, [...gone.values()]);
    if (modified.length > 0) await this.#items.modify(place, modified);
    if (fresh.length === 0) return;
    const [tags, signals] = [fresh.map((i) => this.#tags[i]!), fresh.map((i) => this.#signals[i]!)];
    const wanted = await this.#describe(link, tags, signals);
    await this.#items.create(place, wanted, ({ tag }, reason) => this.#refuse(tag, reason));
    for (const { tag } of wanted) if (this.#items.get(tagKey(tag)) !== undefined) this.#refused.delete(tagKey(tag));
  }

  /** What there is to know of tags before items are made of them; those without a node are refused. */
  async #describe(link: SessionLink, tags: readonly Tag[], signals: readonly Signal[]): Promise<WantedItem[]> {
    const described = await describeTags(link, tags, signals, {
      enumTexts: this.#options.enumTexts,
      structures: this.#items.structures,
      onUndecoded: () => void (this.#endpoint.reading.undecoded += 1),
      onRefused: (tag, reason) => this.#refuse(tag, reason),
    });
    this.#items.structures = described.structures;
    return described.tags.map((item) => ({ ...item, asked: this.#requestFor(item.tag) }));
  }

  get #surviveMs(): number {
    return this.#options.surviveMs ?? SURVIVE_MS;
  }

  #requestFor(tag: Tag): ItemRequest {
    return itemRequest(tag, { ...this.#options, surviveMs: this.#surviveMs });
  }

  #take(message: NotificationMessage, acknowledge: () => void): void {
    this.#triedSilence = false;
    const batch = this.#reader!.read(message, this.#items);
    if (batch.length === 0) return acknowledge();
    const isDeferred = this.#options.acknowledge === "stored";
    batch.receipt = isDeferred ? this.#deferred.receiptFor(acknowledge) : new Receipt(acknowledge);
    return this.#outlet.put(batch);
  }

  #refuse(tag: Tag, reason: string): void {
    const key = tagKey(tag);
    const isKnown = this.#refused.has(key);
    this.#refused.set(key, tag);
    if (!isKnown) this.#options.onError?.(refusedTag(tag, reason));
  }

  #remember({ id, publishingMs, lifetimeMs, keepAliveMs }: Subscription): void {
    if (this.#memory === undefined) return;
    const { url } = this.#endpoint;
    const items = [...this.#items.all()];
    const remembered: RememberedSubscription = { url, id, publishingMs, lifetimeMs, keepAliveMs, items };
    try {
      this.#memory.save(remembered);
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  /** Says once what the server made of what was asked, and again when that changes. */
  #notice(subscription: Subscription): void {
    const { publishingMs } = this.#options;
    const text = revisionNotice({ publishingMs, surviveMs: this.#surviveMs }, subscription, this.#items.all());
    if (text !== "" && text !== this.#noticed) this.#options.onNotice?.(text);
    this.#noticed = text;
  }

  /** A server that has gone silent: first a new connection for the same session, then a new session. */
  #watchSilence(subscription: Subscription): void {
    clearInterval(this.#watch);
    this.#watch = setInterval(() => {
      if (subscription.silence <= 3 * subscription.keepAliveMs + SILENCE_MARGIN_MS) return;
      const reason = `no publish response for ${Math.round(subscription.silence / 1000)} s`;
      const isSecond = this.#triedSilence;
      this.#triedSilence = true;
      if (isSecond) this.#endpoint.restart(reason);
      else this.#endpoint.reconnect(reason);
    }, WATCH_MS);
  }

  #retryLater(): void {
    clearTimeout(this.#retryRefused);
    if (this.#refused.size === 0) return;
    this.#retryRefused = setTimeout(() => {
      this.#queue((link) => this.#sync(link)).catch((error: unknown) => this.#endpoint.restart(messageOf(error)));
    }, RETRY_REFUSED_MS);
  }

  #count(active: number): void {
    this.#endpoint.items += active - this.#counted;
    this.#counted = active;
  }
}
