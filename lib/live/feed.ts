import type { PartHealth } from "../health/index.ts";
import type { HistorianStore } from "../historian/index.ts";
import { messageOf } from "../errors/index.ts";
import { type SampleBatch, signals } from "../sample/index.ts";
import type { DeviceStatus } from "../gateway/index.ts";
import { DeviceStates, nameOf } from "./device-states.ts";
import { LastValueTable } from "./last-values.ts";
import { type Answer, packHistory, type Question } from "./protocol.ts";

/** One browser that shows the widget. */
export interface FeedClient {
  send(answer: Answer): void;
  /** False while the browser does not keep up: values wait, and only the newest is kept. */
  ready(): boolean;
}

/** Where a feed gets what does not come live. */
export interface FeedOptions {
  /** Where history comes from; none where a widget shows only the present. */
  readonly historian?: () => Promise<HistorianStore>;
  readonly health: () => PartHealth[];
}

interface Watcher {
  readonly client: FeedClient;
  /** 1 for every signal id that is watched. */
  watched: Uint8Array;
  readonly dirty: Set<number>;
  wantsHealth: boolean;
  directorySize: number;
}

/** A change is on its way to the screen within this time; several changes of a signal meanwhile are one. */
const PUSH_MS = 100;
const HEALTH_MS = 1000;
const MAX_WATCHED = 20_000;
const MAX_HISTORY_SIGNALS = 200;
const MAX_POINTS = 5000;

/** The live side of one widget: it knows the newest values and tells each browser those that it looks at. */
export class LiveFeed {
  readonly #options: FeedOptions;
  readonly #table = new LastValueTable();
  readonly #states = new DeviceStates();
  readonly #watchers = new Map<string, Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #healthAt = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get clients(): number {
    return this.#watchers.size;
  }

  get signals(): number {
    return this.#table.size;
  }

  samples(batch: SampleBatch): void {
    this.#table.update(batch);
  }

  /** A birth or a death of `group/edge node/device`. */
  device(key: string, state: DeviceStatus["state"], reason = ""): void {
    this.#states.host(key, state, reason);
    this.#sendStates([key]);
  }

  /** What a gateway says of a device of that name, wherever it is published. */
  deviceStatus(status: DeviceStatus): void {
    this.#states.gateway(status);
    this.#sendStates(this.#deviceKeys().filter((key) => nameOf(key) === status.device));
  }

  /** Answers a browser; `id` tells one from another. Questions come from the network and may be anything. */
  async ask(id: string, client: FeedClient, question: unknown): Promise<void> {
    const asked = question as Question | null;
    const watcher = this.#watcher(id, client);
    switch (asked?.kind) {
      case "directory": {
        watcher.directorySize = this.#table.size;
        client.send({ kind: "directory", ...this.#table.directory() });
        client.send(this.#statesOf(this.#deviceKeys()));
        break;
      }
      case "watch":
        if (Array.isArray(asked.ids)) this.#watch(watcher, asked.ids);
        break;
      case "history":
        await this.#history(client, asked);
        break;
      case "health":
        watcher.wantsHealth = true;
        this.#sendHealth(watcher, Date.now());
        break;
      default:
        break;
    }
  }

  leave(id: string): void {
    this.#watchers.delete(id);
    if (this.#watchers.size === 0) this.#stop();
  }

  close(): void {
    this.#watchers.clear();
    this.#stop();
  }

  #deviceKeys(): string[] {
    return [...new Set([...this.#table.deviceKeys(), ...this.#states.keys()])];
  }

  #sendStates(keys: readonly string[]): void {
    if (keys.length === 0 || this.#watchers.size === 0) return;
    const answer = this.#statesOf(keys);
    for (const { client } of this.#watchers.values()) client.send(answer);
  }

  #statesOf(keys: readonly string[]): Extract<Answer, { kind: "devices" }> {
    const known = keys.flatMap((key) => {
      const shown = this.#states.of(key);
      return shown === undefined ? [] : [[key, shown] as const];
    });
    return {
      kind: "devices",
      states: Object.fromEntries(known.map(([key, { state }]) => [key, state])),
      reasons: Object.fromEntries(known.map(([key, { reason }]) => [key, reason])),
    };
  }

  #watcher(id: string, client: FeedClient): Watcher {
    let watcher = this.#watchers.get(id);
    if (watcher === undefined) {
      watcher = { client, watched: new Uint8Array(0), dirty: new Set(), wantsHealth: false, directorySize: 0 };
      this.#watchers.set(id, watcher);
      this.#timer ??= setInterval(() => this.#push(), PUSH_MS);
    }
    return watcher;
  }

  #watch(watcher: Watcher, ids: readonly unknown[]): void {
    const known = ids.slice(0, MAX_WATCHED).filter((id): id is number => typeof id === "number" && this.#table.has(id));
    watcher.watched = new Uint8Array(signals.size);
    for (const id of known) watcher.watched[id] = 1;
    watcher.dirty.clear();
    watcher.client.send({ kind: "values", ...this.#table.lanes(known) });
  }

  #push(): void {
    const changed = this.#table.takeChanged();
    const now = Date.now();
    const healthDue = now - this.#healthAt >= HEALTH_MS;
    if (healthDue) this.#healthAt = now;
    for (const watcher of this.#watchers.values()) {
      for (const id of changed) if (watcher.watched[id] === 1) watcher.dirty.add(id);
      if (!watcher.client.ready()) continue;
      if (watcher.directorySize !== 0 && watcher.directorySize !== this.#table.size) {
        watcher.directorySize = this.#table.size;
        watcher.client.send({ kind: "changed" });
      }
      if (watcher.dirty.size > 0) {
        watcher.client.send({ kind: "values", ...this.#table.lanes([...watcher.dirty]) });
        watcher.dirty.clear();
      }
      if (watcher.wantsHealth && healthDue) this.#sendHealth(watcher, now);
    }
  }

  #sendHealth(watcher: Watcher, at: number): void {
    watcher.client.send({ kind: "health", at, parts: this.#options.health() });
  }

  async #history(
    client: FeedClient,
    { request, ids, from, to, points }: Extract<Question, { kind: "history" }>,
  ): Promise<void> {
    const wanted = (Array.isArray(ids) ? ids : []).slice(0, MAX_HISTORY_SIGNALS).filter((id) => this.#table.has(id));
    const idByPath = new Map(wanted.map((id) => [signals.get(id).path, id]));
    try {
      const store = await this.#options.historian?.();
      const found =
        store === undefined || wanted.length === 0
          ? []
          : await store.query({
              signals: [...idByPath.keys()],
              from,
              to,
              maxPoints: Math.min(MAX_POINTS, Math.max(10, points)),
            });
      client.send({
        kind: "history",
        request,
        ...packHistory(
          found.flatMap(({ path, time, value }) => {
            const id = idByPath.get(path);
            return id === undefined ? [] : [{ id, time, value }];
          }),
        ),
      });
    } catch (error) {
      client.send({ kind: "history", request, ...packHistory([]), error: messageOf(error) });
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#table.takeChanged();
  }
}
