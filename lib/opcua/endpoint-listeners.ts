/** Whom an endpoint tells. */
export interface EndpointListener {
  readonly onError?: (error: unknown) => void;
  /** Told, a sentence each, of what people should know though it is no error. */
  readonly onNotice?: (text: string) => void;
}

/** What is said while nobody listens is kept up to here; the oldest goes first. */
const MOST_KEPT = 20;

/** Those who listen to an endpoint now. It outlives them: what is said between two of them waits for the next. */
export class EndpointListeners {
  readonly #listeners = new Set<EndpointListener>();
  readonly #kept: ((listener: EndpointListener) => void)[] = [];

  /** Adds one, who hears first what nobody has heard; returns what takes it off again. */
  add(listener: EndpointListener): () => void {
    this.#listeners.add(listener);
    for (const word of this.#kept.splice(0)) word(listener);
    return () => void this.#listeners.delete(listener);
  }

  error(error: unknown): void {
    this.#say(({ onError }) => onError?.(error));
  }

  notice(text: string): void {
    this.#say(({ onNotice }) => onNotice?.(text));
  }

  #say(word: (listener: EndpointListener) => void): void {
    if (this.#listeners.size > 0) for (const listener of this.#listeners) word(listener);
    else if (this.#kept.push(word) > MOST_KEPT) this.#kept.shift();
  }
}
