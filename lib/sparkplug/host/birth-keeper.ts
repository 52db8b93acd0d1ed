import { type SparkplugTopic, sparkplugTopic } from "../topic.ts";
import type { BirthStore, StoredBirth } from "./birth-store.ts";

/** Births that wait to be kept; beyond that they are not, which costs a rebirth after the next start. */
const MAX_WAITING = 10_000;

/** Hands births to their store one after the other, without holding up who received them. */
export class BirthKeeper {
  readonly #store: BirthStore | undefined;
  readonly #onError: (error: unknown) => void;
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** @param store where births are kept; undefined for nowhere */
  constructor(store: BirthStore | undefined, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  async recall(): Promise<StoredBirth[]> {
    return (await this.#store?.load()) ?? [];
  }

  keep({ group, type, edgeNode, device }: SparkplugTopic, payload: Uint8Array): void {
    const store = this.#store;
    if (store === undefined || this.#waiting >= MAX_WAITING) return;
    const topic = sparkplugTopic(group, type, edgeNode, device);
    this.#waiting += 1;
    this.#work = this.#work
      .then(() => store.save({ topic, payload }))
      .catch(this.#onError)
      .finally(() => (this.#waiting -= 1));
  }

  /** Resolves when all that was handed in is kept. */
  close(): Promise<void> {
    return this.#work;
  }
}
