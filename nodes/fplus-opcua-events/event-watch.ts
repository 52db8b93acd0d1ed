import { type Endpoint, EventMonitor, type EventMonitorOptions, type PlainEvent } from "../../lib/opcua/index.ts";
import type { Lease, Plant, Resource } from "../../lib/plant/index.ts";
import { objectNumber } from "../frame/index.ts";

/** What is subscribed to. */
export type WatchSettings = Pick<
  EventMonitorOptions,
  "notifier" | "selection" | "fields" | "publishingMs" | "queueSize"
>;

/** Whom a watch tells. */
export type WatchListener = Required<Pick<EventMonitorOptions, "onEvent" | "onConditions" | "onError" | "onNotice">>;

/** Events kept while a redeploy has no node to hear them. */
const MOST_KEPT = 10_000;
const MOST_REPORTS = 20;

/** Watches the events of an endpoint. It outlives a redeploy: the node that comes back hears what came meanwhile. */
export class EventWatch implements Resource {
  readonly monitor: EventMonitor;
  readonly #stopUsing: () => void;
  #listener: WatchListener | undefined;
  #kept: { event: PlainEvent; refreshed: boolean }[] = [];
  #reports: ((listener: WatchListener) => void)[] = [];
  #conditions: PlainEvent[] | undefined;

  private constructor(endpoint: Endpoint, settings: WatchSettings) {
    this.monitor = new EventMonitor(endpoint, {
      ...settings,
      onEvent: (event, refreshed) => this.#take(event, refreshed),
      onConditions: (conditions) => {
        this.#conditions = conditions;
        this.#listener?.onConditions(conditions);
      },
      onError: (error) => this.#report((listener) => listener.onError(error)),
      onNotice: (text) => this.#report((listener) => listener.onNotice(text)),
    });
    this.#stopUsing = endpoint.use(this.monitor);
  }

  /** The watch of a node: the one at work where endpoint and settings are the same, else a new one. */
  static lease(plant: Plant, nodeId: string, endpoint: Endpoint, settings: WatchSettings): Lease<EventWatch> {
    return plant.leases.acquire(
      `opcua-events ${nodeId}`,
      () => new EventWatch(endpoint, settings),
      `${objectNumber(endpoint)} ${JSON.stringify(settings)}`,
    );
  }

  /** Tells this listener from now on, first of what nobody heard. @returns what ends that */
  listen(listener: WatchListener): () => void {
    this.#listener = listener;
    const [kept, reports] = [this.#kept, this.#reports];
    this.#kept = [];
    this.#reports = [];
    for (const report of reports) report(listener);
    for (const { event, refreshed } of kept) listener.onEvent(event, refreshed);
    if (this.#conditions !== undefined) listener.onConditions(this.#conditions);
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    this.#stopUsing();
    await this.monitor.close();
  }

  #report(report: (listener: WatchListener) => void): void {
    if (this.#listener !== undefined) report(this.#listener);
    else if (this.#reports.length < MOST_REPORTS) this.#reports.push(report);
  }

  #take(event: PlainEvent, refreshed: boolean): void {
    if (this.#listener !== undefined) return this.#listener.onEvent(event, refreshed);
    if (this.#kept.length >= MOST_KEPT) {
      this.#kept.shift();
      this.monitor.lost += 1;
    }
    this.#kept.push({ event, refreshed });
    return undefined;
  }
}
