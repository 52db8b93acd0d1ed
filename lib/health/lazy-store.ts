import { type ErrorCode, FplusError, toFplusError } from "../errors/index.ts";
import type { PartHealth } from "./part.ts";

/** What stands behind a store; `open` is repeated after a failure, `close` comes once. */
interface StoreEngine {
  open(): Promise<void>;
  close(): Promise<void>;
}

/** What a store is called and how its errors are told apart. */
export interface StoreDescription extends Pick<PartHealth, "kind" | "name" | "mode" | "detail"> {
  /** Code of errors that are not ours, and of use after its end. */
  readonly code: ErrorCode;
  /** More codes that say that the store itself does not work; every other error is the caller's. */
  readonly faults?: readonly ErrorCode[];
}

/** A store that opens at its first use: opened once, counted, and shown on the health page with its last fault. */
export abstract class LazyStore {
  readonly #engine: StoreEngine;
  readonly #description: StoreDescription;
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #closed = false;
  #fault = "";
  #running = 0;
  #refused = 0;
  #errors = 0;

  constructor(engine: StoreEngine, description: StoreDescription) {
    this.#engine = engine;
    this.#description = description;
  }

  /** Opens the folder, or asks the server whether it lets us in. Repeated after a failure. */
  async open(): Promise<void> {
    await this.run(() => Promise.resolve());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#engine.close();
  }

  /** Does something with the open store, counts it, and remembers whether the store works. */
  protected async run<T>(work: () => Promise<T>): Promise<T> {
    const { code, faults = [] } = this.#description;
    this.#running += 1;
    try {
      this.checkClosed();
      this.#opening ??= this.#engine.open();
      await this.#opening.catch((error: unknown) => {
        this.#opening = undefined;
        throw error;
      });
      const result = await work();
      this.note();
      return result;
    } catch (error) {
      const failure = toFplusError(code, error);
      if (![code, "feature.off", ...faults].includes(failure.code)) this.#refused += 1;
      else {
        this.#errors += 1;
        this.note(failure);
      }
      throw failure;
    } finally {
      this.#running -= 1;
    }
  }

  /** @throws FplusError after its end */
  protected checkClosed(): void {
    const { code, name } = this.#description;
    if (this.#closed) throw new FplusError(code, `${name} is closed`);
  }

  /** Takes down what was seen of the store outside of `run`: a fault, or that it works. */
  protected note(fault?: FplusError): void {
    if (fault === undefined) this.#isOpen = true;
    this.#fault = fault?.message ?? "";
  }

  protected report(counters: PartHealth["counters"], gauges: PartHealth["gauges"] = {}): PartHealth {
    const { kind, name, mode, detail } = this.#description;
    return {
      kind,
      name,
      mode,
      status: this.#fault !== "" ? "down" : this.#isOpen ? "up" : "off",
      detail: this.#fault || (this.#isOpen ? detail : `not used yet: ${detail}`),
      counters: { ...counters, refused: this.#refused, errors: this.#errors },
      gauges: { running: this.#running, ...gauges },
    };
  }
}
