import { type Signal, signals } from "../sample/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Tag } from "./tag.ts";

/** The tags of one reader with their signals; the endpoint knows them by name for as long as the reader has them. */
export class ReaderTable {
  readonly #endpoint: Endpoint;
  #tags: readonly Tag[] = [];
  #signals: readonly Signal[] = [];
  #forgetNames: () => void = () => undefined;

  constructor(endpoint: Endpoint, tags: readonly Tag[]) {
    this.#endpoint = endpoint;
    this.set(tags);
  }

  get tags(): readonly Tag[] {
    return this.#tags;
  }

  /** In the order of the tags. */
  get signals(): readonly Signal[] {
    return this.#signals;
  }

  set(tags: readonly Tag[]): void {
    this.#forgetNames();
    this.#forgetNames = this.#endpoint.names.add(tags);
    this.#tags = tags;
    const source = this.#endpoint.options.name;
    this.#signals = tags.map(({ device, metric, unit, hierarchy }) =>
      signals.intern({
        source,
        device,
        metric,
        ...(unit === undefined ? {} : { unit }),
        ...(hierarchy === undefined ? {} : { hierarchy }),
      }),
    );
  }

  close(): void {
    this.#forgetNames();
  }
}
