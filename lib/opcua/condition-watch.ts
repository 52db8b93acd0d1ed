import { ConditionList } from "./conditions.ts";
import type { PlainEvent } from "./event.ts";

/** A refresh whose end the server never says is over by then. */
const REFRESH_MS = 5_000;

/** Keeps the list of conditions that want attention, and tells it whenever it is another one. */
export class ConditionWatch {
  readonly list = new ConditionList();
  readonly #tell: (conditions: PlainEvent[]) => void;
  /** Between the begin and the end of a refresh, as the server sends them among its events. */
  #refreshing = false;
  #changed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (conditions: PlainEvent[]) => void) {
    this.#tell = tell;
  }

  /** Whether the server is telling what was before. */
  get refreshing(): boolean {
    return this.#refreshing;
  }

  /** The list as it is now is told once, also an empty one. */
  begin(): void {
    this.#changed = true;
  }

  /** Takes an event in. Tells whether its condition was known in this state already. */
  take(event: PlainEvent): boolean {
    const isKnown = this.list.has(event);
    if (this.list.take(event)) this.#changed = true;
    return isKnown;
  }

  /** The server begins to tell the state of every condition. */
  beginRefresh(): void {
    this.#refreshing = true;
    this.list.beginRefresh();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.endRefresh(), REFRESH_MS);
  }

  /** It has told all: what it did not name is over. */
  endRefresh(): void {
    clearTimeout(this.#timer);
    if (!this.#refreshing) return;
    this.#refreshing = false;
    if (this.list.endRefresh()) this.#changed = true;
    this.settle();
  }

  /** Tells the list where it has changed; not amid a refresh. */
  settle(): void {
    if (this.#refreshing || !this.#changed) return;
    this.#changed = false;
    this.#tell(this.list.list());
  }

  /** The connection is gone: a refresh that was under way will not end. */
  disconnected(): void {
    clearTimeout(this.#timer);
    this.#refreshing = false;
  }
}
