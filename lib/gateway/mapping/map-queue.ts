import { FplusError } from "../../errors/index.ts";
import type { SampleBatch } from "../../sample/index.ts";
import type { Mapped } from "./mapped.ts";
import type { Mapper } from "./mapper.ts";

/** Samples that may wait for formulas. */
const MOST_WAITING = 200_000;

/** Keeps batches in their order where formulas take time, and bounds how many wait. */
export class MapQueue {
  readonly #mapper: Mapper;
  #last: Promise<unknown> | undefined;
  /** Samples that wait now, and those refused since the beginning. */
  waiting = 0;
  refused = 0;

  constructor(mapper: Mapper) {
    this.#mapper = mapper;
  }

  /**
   * Maps a batch after those that came before it.
   * @throws FplusError `map.overloaded` where too many wait
   */
  map(batch: SampleBatch): Mapped | Promise<Mapped> {
    if (this.#last !== undefined && this.waiting + batch.length > MOST_WAITING) {
      this.refused += batch.length;
      throw new FplusError("map.overloaded", `${this.waiting} samples wait for formulas`, {
        field: "rules",
        hint: "Use plain arithmetic in formulas, or spread the tags over several maps.",
      });
    }
    return this.#inTurn(() => this.#mapper.map(batch), batch.length);
  }

  /** See `Mapper.checkSilence`. */
  checkSilence(): Mapped | Promise<Mapped> {
    return this.#inTurn(() => this.#mapper.checkSilence(), 0);
  }

  #inTurn(job: () => Mapped | Promise<Mapped>, samples: number): Mapped | Promise<Mapped> {
    const before = this.#last;
    const result = before === undefined ? job() : before.then(job);
    if (!(result instanceof Promise)) return result;
    this.waiting += samples;
    const last: Promise<void> = result
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        this.waiting -= samples;
        if (this.#last === last) this.#last = undefined;
      });
    this.#last = last;
    return result;
  }
}
