import { type Signal, signals } from "../../sample/index.ts";
import type { AliasLanes } from "../codec/add-metric.ts";

/** Aliases up to this live in lanes; wilder ones in a map. */
const DENSE_ALIASES = 131_072;

/** What the births of one edge node say of its aliases. */
export class AliasTable {
  #lanes = lanesOf(64);
  readonly #sparse = new Map<number, Signal>();

  /** For the decoder; replaced when the table grows. */
  get lanes(): AliasLanes {
    return this.#lanes;
  }

  clear(): void {
    this.#lanes.signal.fill(-1);
    this.#sparse.clear();
  }

  set(alias: number, signal: Signal): void {
    if (alias >= DENSE_ALIASES) {
      this.#sparse.set(alias, signal);
      return;
    }
    if (alias >= this.#lanes.signal.length) this.#grow(alias);
    this.#lanes.signal[alias] = signal.id;
    this.#lanes.type[alias] = signal.type;
  }

  find(alias: number): Signal | undefined {
    const id = this.#lanes.signal[alias];
    if (id === undefined) return this.#sparse.get(alias);
    return id < 0 ? undefined : signals.get(id);
  }

  #grow(alias: number): void {
    const larger = lanesOf(2 ** Math.ceil(Math.log2(alias + 1)));
    larger.signal.set(this.#lanes.signal);
    larger.type.set(this.#lanes.type);
    this.#lanes = larger;
  }
}

function lanesOf(size: number): AliasLanes {
  return { signal: new Int32Array(size).fill(-1), type: new Uint8Array(size) };
}
