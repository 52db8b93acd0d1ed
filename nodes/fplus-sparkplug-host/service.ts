import type { SampleBatch } from "../../lib/sample/index.ts";
import { HostApplication, type HostApplicationOptions, type LifecycleEvent } from "../../lib/sparkplug/index.ts";

/** What an `fplus-sparkplug-host` config node offers. */
export interface HostService {
  readonly host: HostApplication;
  /** Hears samples and events; the returned function stops that. */
  listen(listener: HostListener): () => void;
}

/** Who hears what a host application receives. */
export interface HostListener {
  /** The samples of one message; `topic` is `group/edge node[/device]`. */
  onBatch(batch: SampleBatch, topic: string): void;
  onEvent(event: LifecycleEvent): void;
  onError(error: unknown): void;
}

/** Messages that arrive while a redeploy has no node to take them; beyond that the oldest go, and a rebirth repairs. */
const MAX_HELD = 1000;

/** A host application that survives redeploys: while no node listens, it holds what arrives. */
export class SharedHost implements HostService {
  readonly host: HostApplication;
  readonly #listeners = new Set<HostListener>();
  readonly #held: ((listener: HostListener) => void)[] = [];
  readonly #release: (() => Promise<void>) | undefined;
  #started = false;

  /** @param release gives back what was borrowed for the host, when it is closed */
  constructor(options: Omit<HostApplicationOptions, "onBatch" | "onEvent" | "onError">, release?: () => Promise<void>) {
    this.#release = release;
    this.host = new HostApplication({
      ...options,
      onBatch: (batch, topic) =>
        this.#give((to) => to.onBatch(batch, `${topic.group}/${topic.edgeNode}${topic.device && `/${topic.device}`}`)),
      onEvent: (event) => this.#give((to) => to.onEvent(event)),
      onError: (error) => this.#give((to) => to.onError(error)),
    });
  }

  /** Connects, at the first call. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.host.start();
  }

  listen(listener: HostListener): () => void {
    this.#listeners.add(listener);
    for (const give of this.#held.splice(0)) give(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.host.close();
    await this.#release?.();
  }

  #give(give: (listener: HostListener) => void): void {
    if (this.#listeners.size > 0) this.#listeners.forEach(give);
    else if (this.#held.push(give) > MAX_HELD) this.#held.shift();
  }
}
