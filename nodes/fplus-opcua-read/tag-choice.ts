import type { Endpoint, Tag } from "../../lib/opcua/index.ts";
import { Discovery, type TagSource, type TagSourceListener, TemplateTable } from "./tag-source.ts";

/** Where a reader's tags come from now: one source at a time; what a former one finds late is not heard. */
export class TagChoice {
  readonly #endpoint: Endpoint;
  readonly #listener: TagSourceListener;
  #leave: () => void = () => undefined;
  /** What the source works with: rows of a table, or all that the server has. */
  #chosen: number | "all" = 0;

  constructor(endpoint: Endpoint, listener: TagSourceListener) {
    this.#endpoint = endpoint;
    this.#listener = listener;
  }

  /** Nothing is to be read. */
  get isEmpty(): boolean {
    return this.#chosen === 0;
  }

  /** The server is asked which tags there are. */
  get isAsking(): boolean {
    return this.#chosen === "all";
  }

  /** All that the server has below a node; see `Discovery`. */
  discover(root: string, limit: number): void {
    this.#chosen = "all";
    this.#follow((listener) => new Discovery(this.#endpoint, listener, root, limit));
  }

  /** The rows of a table, among which may be templates. */
  table(tags: readonly Tag[]): void {
    const isTemplate = tags.some(({ type }) => type !== undefined);
    this.#chosen = isTemplate ? "all" : tags.length;
    if (isTemplate) this.#follow((listener) => new TemplateTable(this.#endpoint, listener, tags));
    else {
      this.close();
      this.#listener.onTags(tags);
    }
  }

  close(): void {
    this.#leave();
    this.#leave = () => undefined;
  }

  #follow(make: (listener: TagSourceListener) => TagSource): void {
    this.close();
    let isCurrent = true;
    const { onTags, onError, onNotice } = this.#listener;
    const source = make({
      onTags: (tags) => isCurrent && onTags(tags),
      onError: (error) => isCurrent && onError(error),
      onNotice: (text) => isCurrent && onNotice(text),
    });
    const stop = this.#endpoint.use(source);
    this.#leave = () => {
      isCurrent = false;
      stop();
      source.close();
    };
  }
}
