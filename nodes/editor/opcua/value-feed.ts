import type { ServerView, ShownValue } from "./server-view.ts";

const PERIOD_MS = 1000;
/** As many as one question may name. */
const MOST = 200;

/** Keeps the values of those variables up to date that can be seen; asks for no others, and never twice at a time. */
export class ValueFeed {
  readonly #view: ServerView;
  readonly #visible: () => readonly string[];
  readonly #onValues: () => void;
  readonly #values = new Map<string, ShownValue>();
  #timer = 0;
  #closed = false;

  constructor(view: ServerView, visible: () => readonly string[], onValues: () => void) {
    this.#view = view;
    this.#visible = visible;
    this.#onValues = onValues;
    this.#schedule(0);
  }

  get(nodeId: string): ShownValue | undefined {
    return this.#values.get(nodeId);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(afterMs: number): void {
    this.#timer = window.setTimeout(() => {
      const asked = this.#visible().slice(0, MOST);
      const next = (): void => {
        if (!this.#closed) this.#schedule(PERIOD_MS);
      };
      if (!this.#view.isOpen) return next();
      // An empty question tells the server's side that somebody is still looking.
      this.#view.values(asked).then(
        (values) => {
          asked.forEach((nodeId, i) => this.#values.set(nodeId, values[i]!));
          this.#onValues();
          next();
        },
        // The tree says what is wrong; here it is only tried again.
        next,
      );
    }, afterMs);
  }
}
