import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { MonitoredItem } from "./monitored-items.ts";

/** A subscription as the next process needs it to take it over. */
export interface RememberedSubscription {
  /** Address of the server. */
  readonly url: string;
  readonly id: number;
  readonly publishingMs: number;
  readonly lifetimeMs: number;
  readonly keepAliveMs: number;
  readonly items: readonly MonitoredItem[];
}

/** Keeps on disk which subscription this reader has on its server, for a start after a crash. */
export class SubscriptionMemory {
  readonly #file: string;
  #saved = "";

  constructor(file: string) {
    this.#file = file;
  }

  /** What a former process left; undefined where there is nothing that can be read. */
  load(url: string): RememberedSubscription | undefined {
    try {
      const found = JSON.parse(readFileSync(this.#file, "utf8")) as Partial<RememberedSubscription>;
      const isWhole = typeof found.id === "number" && Array.isArray(found.items) && found.url === url;
      return isWhole ? (found as RememberedSubscription) : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws Error of the file system */
  save(subscription: RememberedSubscription): void {
    const text = JSON.stringify(subscription);
    if (text === this.#saved) return;
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, text);
    renameSync(`${this.#file}.new`, this.#file);
    this.#saved = text;
  }

  /** The subscription was ended in order. */
  forget(): void {
    this.#saved = "";
    rmSync(this.#file, { force: true });
  }
}
