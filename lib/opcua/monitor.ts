import type { ClientSession } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { type AcknowledgeWhen, Delivery } from "./delivery.ts";
import type { Endpoint } from "./endpoint.ts";
import { KeptSubscription } from "./kept-subscription.ts";
import type { ServerLimits } from "./limits.ts";
import { LinkQueue } from "./link-queue.ts";
import type { Opcua } from "./load.ts";
import { NotificationReader } from "./notification-reader.ts";
import type { NotificationMessage } from "./publish-loop.ts";
import { ReaderTable } from "./reader-table.ts";
import { revisionNotice } from "./revision.ts";
import type { SessionLink } from "./session-link.ts";
import { Subscription, type SubscriptionHandlers } from "./subscription.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";
import { type RememberedSubscription, SubscriptionMemory } from "./subscription-memory.ts";
import { TableItems, type TableItemsOptions } from "./table-items.ts";
import type { Tag } from "./tag.ts";
import type { TagReader, TagReaderOptions } from "./tag-reader.ts";

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
  /** Default `handed`. */
  readonly acknowledge?: AcknowledgeWhen;
  /** File that remembers the subscription, so that a start after a crash takes it over with all that was not stored. */
  readonly memoryFile?: string;
}

const SURVIVE_MS = 30_000;
const LEAST_LIFETIME_MS = 60_000;
const RETRY_REFUSED_MS = 60_000;

/**
 * Subscribes to a table of tags and hands on one batch a publish response. The subscription outlives lost links and
 * changes of the table: only tags that changed are touched. The server keeps each message until it is acknowledged.
 */
export class Monitor implements TagReader {
  readonly #endpoint: Endpoint;
  readonly #queue = new LinkQueue();
  readonly #kept: KeptSubscription;
  readonly #delivery: Delivery;
  readonly #table: ReaderTable;
  readonly #items: TableItems;
  readonly #memory: SubscriptionMemory | undefined;
  #options: MonitorOptions;
  #reader: NotificationReader | undefined;
  /** A call that changes items was cut off: what the server has is not known. */
  #uncertain = false;
  #noticed = "";
  #counted = 0;
  #retryRefused: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(endpoint: Endpoint, tags: readonly Tag[], options: MonitorOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#kept = new KeptSubscription(endpoint, (reason) => this.#gone(reason));
    this.#memory = options.memoryFile === undefined ? undefined : new SubscriptionMemory(options.memoryFile);
    this.#delivery = new Delivery(endpoint.reading);
    this.#table = new ReaderTable(endpoint, tags);
    this.#items = new TableItems(this.#table, () => this.#itemOptions());
    this.#listen();
  }

  get active(): number {
    return this.#counted;
  }

  get refused(): number {
    return this.#items.refused;
  }

  get overdue(): number {
    const subscription = this.#kept.current;
    return subscription === undefined ? 0 : Math.max(0, subscription.silence - subscription.keepAliveMs);
  }

  get revised(): boolean {
    return this.#noticed !== "";
  }

  async update(tags: readonly Tag[], options: MonitorOptions): Promise<void> {
    this.#options = options;
    this.#table.set(tags);
    this.#listen();
    await this.#queue.run((link) => this.#sync(link));
  }

  mute(): void {
    this.#delivery.mute();
  }

  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#queue.connected({ session, limits, opcua });
    this.#kept.connected();
    this.#reader ??= new NotificationReader(opcua, this.#endpoint.reading, (error) => this.#options.onError?.(error));
    return this.#queue.run(async (link) => {
      await this.#kept.takeUp(link);
      if (this.#uncertain) await this.#startOver();
      await this.#sync(link);
    });
  }

  disconnected(): void {
    this.#queue.disconnected();
    this.#kept.disconnected();
    clearTimeout(this.#retryRefused);
    this.#retryRefused = undefined;
    this.#count(0);
  }

  /** Ends the subscription on the server too. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const isConnected = this.#queue.link !== undefined;
    this.disconnected();
    this.#table.close();
    this.#delivery.close();
    if (isConnected && this.#kept.current !== undefined) this.#memory?.forget();
    await this.#kept.close(isConnected);
  }

  #listen(): void {
    this.#delivery.listen(this.#options.onBatch, this.#options.acknowledge ?? "handed");
  }

  /** Takes over the subscription of a former process, with all that it had not acknowledged. */
  async #adopt(link: SessionLink): Promise<Subscription | undefined> {
    const remembered = this.#memory?.load(this.#endpoint.url);
    if (remembered === undefined) return undefined;
    await this.#items.adopt(link, remembered.items);
    const { opcua, session } = link;
    const handlers = this.#handlers();
    const refused = (reason: string): void => this.#notAdopted(reason);
    const { publishing } = this.#endpoint;
    return Subscription.adopt(opcua, session, publishing, remembered, handlers, refused);
  }

  #notAdopted(reason: string): void {
    this.#items.clear();
    this.#memory?.forget();
    this.#countLoss();
    this.#options.onNotice?.(
      `The server does not hand over the subscription of the last run (${reason}): values since then may be missing.`,
    );
  }

  /** The server has given the subscription up, with all its items. */
  #gone(reason: string): void {
    this.#memory?.forget();
    this.#items.clear();
    this.#uncertain = false;
    this.#countLoss();
    this.#options.onNotice?.(
      `The server has given the subscription up (${reason}): a new one is made, values in between may be missing.`,
    );
  }

  #countLoss(): void {
    this.#endpoint.reading.lostSubscriptions += 1;
    this.#markLoss();
  }

  #markLoss(): void {
    this.#reader?.lost(this.#table.signals.map(({ id }) => id));
  }

  /** Which items the server has is not known: they are all made anew. */
  async #startOver(): Promise<void> {
    this.#items.clear();
    this.#memory?.forget();
    this.#uncertain = false;
    await this.#kept.drop();
  }

  /** Makes the server's items what the table says. */
  async #sync(link: SessionLink): Promise<void> {
    if (this.#table.tags.length === 0 && this.#kept.current === undefined) return undefined;
    const { publishingMs } = this.#options;
    const settings = { publishingMs, lifetimeMs: Math.max(LEAST_LIFETIME_MS, 2 * this.#surviveMs) };
    const subscription = this.#kept.current ?? (await this.#adopt(link)) ?? (await this.#create(link, settings));
    if (this.#closed) return subscription.close();
    this.#kept.keep(subscription);
    await subscription.modify(settings);
    this.#uncertain = true;
    try {
      await this.#items.sync(link, subscription.id);
    } finally {
      // Where it was given up meanwhile, what was made is gone with it.
      if (this.#kept.current !== subscription) this.#items.clear();
    }
    this.#uncertain = false;
    if (this.#queue.link !== link || this.#kept.current !== subscription) return undefined;
    this.#count(this.#items.byHandle.size);
    this.#remember(subscription);
    this.#notice(subscription);
    return this.#retryLater();
  }

  #create({ opcua, session }: SessionLink, settings: SubscriptionSettings): Promise<Subscription> {
    return Subscription.create(opcua, session, this.#endpoint.publishing, settings, this.#handlers());
  }

  #handlers(): SubscriptionHandlers {
    return {
      onMessage: (message, acknowledge) => this.#take(message, acknowledge),
      onMissed: (messages) => {
        this.#endpoint.reading.missedMessages += messages;
        this.#markLoss();
      },
      onLost: (reason) => this.#recreate(reason),
      onError: (error) => this.#options.onError?.(error),
      counters: this.#endpoint.reading,
    };
  }

  /** The server ended the subscription, the session lives. */
  #recreate(reason: string): void {
    if (this.#kept.giveUp(reason)) this.#syncSoon();
  }

  #syncSoon(): void {
    this.#queue.run((link) => this.#sync(link)).catch((error: unknown) => this.#endpoint.restart(messageOf(error)));
  }

  get #surviveMs(): number {
    return this.#options.surviveMs ?? SURVIVE_MS;
  }

  #itemOptions(): TableItemsOptions {
    return {
      ...this.#options,
      surviveMs: this.#surviveMs,
      onError: this.#options.onError,
      onUndecoded: () => void (this.#endpoint.reading.undecoded += 1),
    };
  }

  #take(message: NotificationMessage, acknowledge: () => void): void {
    this.#delivery.put(this.#reader!.read(message, this.#items.byHandle), acknowledge);
  }

  #remember({ id, publishingMs, lifetimeMs, keepAliveMs }: Subscription): void {
    if (this.#memory === undefined) return;
    const { url } = this.#endpoint;
    const items = [...this.#items.byHandle.all()];
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
    const text = revisionNotice({ publishingMs, surviveMs: this.#surviveMs }, subscription, this.#items.byHandle.all());
    if (text !== "" && text !== this.#noticed) this.#options.onNotice?.(text);
    this.#noticed = text;
  }

  #retryLater(): void {
    clearTimeout(this.#retryRefused);
    if (this.#items.refused === 0) return;
    this.#retryRefused = setTimeout(() => this.#syncSoon(), RETRY_REFUSED_MS);
  }

  #count(active: number): void {
    this.#endpoint.items += active - this.#counted;
    this.#counted = active;
  }
}
