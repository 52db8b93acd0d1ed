import type { ClientSession, DataValue } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { Receipt, SampleBatch, type Signal } from "../sample/index.ts";
import { BatchSize } from "./batches.ts";
import { DataChangeDecoder } from "./data-change.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import { readEnumerations } from "./enumeration.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import {
  isSameRequest,
  type ItemPlace,
  type ItemRequest,
  type MonitoredItem,
  MonitoredItems,
  tagKey,
  type WantedItem,
} from "./monitored-items.ts";
import { OVERFLOW, overflowsIn } from "./overflow.ts";
import type { NotificationMessage } from "./publish-loop.ts";
import { RepeatFilter } from "./repeat-filter.ts";
import { resolveAddresses } from "./resolve.ts";
import { revisionNotice } from "./revision.ts";
import { StructureTypes } from "./structure.ts";
import { Subscription } from "./subscription.ts";
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
}

/** The session a monitor works on now. */
interface Link {
  readonly session: ClientSession;
  readonly limits: ServerLimits;
  readonly opcua: Opcua;
}

const SURVIVE_MS = 30_000;
/** A queue beyond this is asked of no server by itself; a tag may name a larger one. */
const LONGEST_QUEUE = 1_000;
const LEAST_LIFETIME_MS = 60_000;
const SILENCE_MARGIN_MS = 5_000;
const WATCH_MS = 1_000;
const RETRY_REFUSED_MS = 60_000;
const CLOSE_MS = 2_000;

/**
 * Subscribes to a table of tags and hands on one batch a publish response. The subscription outlives lost links and
 * changes of the table: only tags that changed are touched. Each batch carries a receipt; the server keeps the message
 * until it is confirmed.
 */
export class Monitor implements TagReader {
  readonly #endpoint: Endpoint;
  readonly #items = new MonitoredItems();
  readonly #refused = new Map<string, Tag>();
  #options: MonitorOptions;
  #tags: readonly Tag[] = [];
  #signals: readonly Signal[] = [];
  #link: Link | undefined;
  #batch: BatchSize | undefined;
  #decoder: DataChangeDecoder | undefined;
  #subscription: Subscription | undefined;
  /** Signals whose next value is marked: values before it were lost. */
  readonly #afterLoss = new Set<number>();
  readonly #repeats = new RepeatFilter();
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
    this.#endpoint = endpoint;
    this.#options = options;
    this.#setTags(tags);
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

  /** Reads these tags from now on; what is the same as before goes on undisturbed. */
  async update(tags: readonly Tag[], options: MonitorOptions): Promise<void> {
    const isSlower = options.publishingMs !== this.#options.publishingMs;
    this.#options = options;
    this.#setTags(tags);
    await this.#queue(async (link) => {
      if (isSlower) await this.#drop();
      await this.#sync(link);
    });
  }

  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    this.#link = { session, limits, opcua };
    this.#decoder ??= new DataChangeDecoder(opcua);
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
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription === undefined || !isConnected) return;
    await Promise.race([subscription.close(), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
  }

  #setTags(tags: readonly Tag[]): void {
    this.#tags = tags;
    this.#signals = internTags(this.#endpoint, tags);
  }

  /** One change of the subscription at a time; those for a connection that is gone are left out. */
  #queue(job: (link: Link) => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      const link = this.#link;
      if (link !== undefined && !this.#closed) await job(link);
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Brings the subscription that there was over to this connection; where the server has it no more, it is made anew. */
  async #takeUp({ session }: Link): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const { publishing } = this.#endpoint;
    const reason = subscription.isOn(session)
      ? await subscription.resume()
      : await subscription.transfer(session, publishing);
    if (reason !== "") this.#lost(subscription, reason);
    else if (this.#uncertain) await this.#drop();
  }

  #lost(subscription: Subscription, reason: string): void {
    if (this.#subscription !== subscription) return;
    subscription.lost(reason);
    this.#subscription = undefined;
    this.#items.clear();
    this.#endpoint.reading.lostSubscriptions += 1;
    this.#options.onNotice?.(
      `The server has given the subscription up (${reason}): a new one was made, values in between may be missing.`,
    );
    for (const { id } of this.#signals) this.#afterLoss.add(id);
  }

  async #drop(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#items.clear();
    this.#uncertain = false;
    await subscription?.close();
  }

  /** Makes the server's items what the table says. */
  async #sync(link: Link): Promise<void> {
    if (this.#tags.length === 0 && this.#subscription === undefined) return;
    this.#subscription ??= await this.#subscribe(link);
    const place = { ...link, subscriptionId: this.#subscription.id, batch: this.#batch! };
    this.#uncertain = true;
    await this.#change(place, link.limits);
    this.#uncertain = false;
    if (this.#link !== link) return;
    this.#count(this.#items.size);
    this.#notice(this.#subscription);
    this.#watchSilence(this.#subscription);
    this.#retryLater();
  }

  #subscribe({ opcua, session }: Link): Promise<Subscription> {
    const { publishingMs } = this.#options;
    const lifetimeMs = Math.max(LEAST_LIFETIME_MS, 2 * this.#surviveMs);
    return Subscription.create(
      opcua,
      session,
      this.#endpoint.publishing,
      { publishingMs, lifetimeMs },
      {
        onMessage: (message, acknowledge) => this.#take(message, acknowledge),
        onMissed: (messages) => {
          this.#endpoint.reading.missedMessages += messages;
          for (const { id } of this.#signals) this.#afterLoss.add(id);
        },
        onLost: (reason) => this.#recreate(reason),
        onError: (error) => this.#options.onError?.(error),
        counters: this.#endpoint.reading,
      },
    );
  }

  /** The server ended the subscription, the session lives. */
  #recreate(reason: string): void {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#lost(subscription, reason);
    this.#queue((link) => this.#sync(link)).catch((error: unknown) => this.#endpoint.restart(messageOf(error)));
  }

  async #change(place: ItemPlace, limits: ServerLimits): Promise<void> {
    const gone = new Map(Array.from(this.#items.all(), (item) => [item.key, item]));
    const fresh: { tag: Tag; signal: number }[] = [];
    const modified: { item: MonitoredItem; tag: Tag; asked: ItemRequest }[] = [];
    const keys = new Set<string>();
    this.#tags.forEach((tag, i) => {
      const key = tagKey(tag);
      const signal = this.#signals[i]!.id;
      const item = this.#items.get(key);
      keys.add(key);
      if (item === undefined || item.tag.nodeId !== tag.nodeId) return fresh.push({ tag, signal });
      gone.delete(key);
      const asked = this.#requestFor(tag);
      if (!isSameRequest(item.asked, asked)) modified.push({ item, tag, asked });
      this.#items.rename(item, tag, signal);
      return undefined;
    });
    for (const key of this.#refused.keys()) if (!keys.has(key)) this.#refused.delete(key);
    if (gone.size > 0) await this.#items.remove(place, [...gone.values()]);
    if (modified.length > 0) await this.#items.modify(place, modified);
    if (fresh.length > 0) await this.#create(place, limits, fresh);
  }

  async #create(place: ItemPlace, limits: ServerLimits, fresh: readonly { tag: Tag; signal: number }[]): Promise<void> {
    const { session, opcua } = place;
    const addresses = fresh.map(({ tag }) => tag.nodeId);
    const found = (await resolveAddresses(session, limits, opcua, addresses)).flatMap((nodeId, i) => {
      if (typeof nodeId !== "string") return [{ ...fresh[i]!, nodeId, asked: this.#requestFor(fresh[i]!.tag) }];
      this.#refuse(fresh[i]!.tag, nodeId);
      return [];
    });
    const nodeIds = found.map(({ nodeId }) => nodeId);
    const texts = this.#options.enumTexts ? await readEnumerations(session, limits, opcua, nodeIds) : [];
    this.#items.structures ??= await StructureTypes.of(session, limits, opcua, nodeIds, () => {
      this.#endpoint.reading.undecoded += 1;
    });
    const wanted: WantedItem[] = found.map((item, i) => ({ ...item, texts: texts[i] }));
    await this.#items.create(place, wanted, ({ tag }, reason) => this.#refuse(tag, reason));
    for (const { tag } of wanted) if (this.#items.get(tagKey(tag)) !== undefined) this.#refused.delete(tagKey(tag));
  }

  get #surviveMs(): number {
    return this.#options.surviveMs ?? SURVIVE_MS;
  }

  /** What the server is asked for: a queue that holds what changes while the link is away. */
  #requestFor({ samplingMs = this.#options.samplingMs, ...tag }: Tag): ItemRequest {
    const { queueSize: least, publishingMs } = this.#options;
    const changes = Math.ceil(this.#surviveMs / (samplingMs || publishingMs));
    return {
      samplingMs,
      queueSize: tag.queueSize ?? Math.max(least, Math.min(LONGEST_QUEUE, changes)),
      ...(tag.deadband === undefined ? {} : { deadband: tag.deadband }),
      ...(tag.deadbandPercent === undefined ? {} : { deadbandPercent: tag.deadbandPercent }),
      ...(tag.trigger === undefined ? {} : { trigger: tag.trigger }),
    };
  }

  #take(message: NotificationMessage, acknowledge: () => void): void {
    const now = Date.now();
    this.#triedSilence = false;
    const { dataChanges, others } = message;
    const batch = new SampleBatch(dataChanges.reduce((sum, bytes) => sum + DataChangeDecoder.count(bytes), 0));
    for (const bytes of dataChanges) this.#decode(bytes, batch, now);
    for (const part of others) this.#addDecoded(part, batch, now);
    this.#endpoint.reading.repeatedValues += this.#repeats.apply(batch);
    this.#endpoint.reading.changes += batch.length;
    if (batch.length === 0) return acknowledge();
    this.#endpoint.reading.overflows += overflowsIn(batch);
    if (this.#afterLoss.size > 0) this.#markLoss(batch);
    batch.receipt = new Receipt(acknowledge);
    return this.#options.onBatch(batch);
  }

  #decode(bytes: Uint8Array, batch: SampleBatch, now: number): void {
    try {
      this.#decoder!.decode(bytes, this.#items, batch, now);
    } catch (error) {
      this.#endpoint.reading.malformed += 1;
      this.#options.onError?.(error);
    }
  }

  /** Data changes that came as node-opcua's objects, as those sent again do. */
  #addDecoded(part: object, batch: SampleBatch, now: number): void {
    const { monitoredItems } = part as { monitoredItems?: readonly { clientHandle: number; value: DataValue }[] };
    for (const { clientHandle, value } of monitoredItems ?? []) {
      const { signals, texts, structures } = this.#items;
      const signal = signals[clientHandle] ?? -1;
      if (signal >= 0) addDataValue(batch, signal, value, now, texts[clientHandle], structures);
    }
  }

  #markLoss(batch: SampleBatch): void {
    for (let i = 0; i < batch.length; i++) {
      if (this.#afterLoss.delete(batch.signal[i]!)) batch.status[i] = (batch.status[i]! | OVERFLOW) >>> 0;
    }
  }

  #refuse(tag: Tag, reason: string): void {
    const key = tagKey(tag);
    const isKnown = this.#refused.has(key);
    this.#refused.set(key, tag);
    if (!isKnown) this.#options.onError?.(refusedTag(tag, reason));
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
    const silenceMs = 3 * subscription.keepAliveMs + SILENCE_MARGIN_MS;
    this.#watch = setInterval(() => {
      if (subscription.silence <= silenceMs) return;
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
