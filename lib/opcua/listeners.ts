/** Whom an endpoint or a simulator tells. */
export interface Listener {
  readonly onError?: (error: unknown) => void;
  /** Told, a sentence each, of what people should know though it is no error. */
  readonly onNotice?: (text: string) => void;
}

type Word = { readonly error: unknown } | { readonly notice: string };

/** What is said while nobody listens is kept up to here; the oldest goes first. */
const MOST_KEPT = 20;

/** Those who listen now to something that outlives them: what is said between two of them waits for the next. */
export class Listeners {
  readonly #listeners = new Set<Listener>();
  readonly #kept: Word[] = [];

  /**
   * Adds one, who hears first what nobody has heard; returns what takes it off again.
   * @param standing a failure that lasts: news for this one, though others know it
   */
  add(listener: Listener, standing?: unknown): () => void {
    this.#listeners.add(listener);
    const kept = this.#kept.splice(0);
    for (const word of kept) tell(listener, word);
    const isHeard = kept.some((word) => "error" in word && word.error === standing);
    if (standing !== undefined && !isHeard) tell(listener, { error: standing });
    return () => void this.#listeners.delete(listener);
  }

  error(error: unknown): void {
    this.#say({ error });
  }

  notice(notice: string): void {
    this.#say({ notice });
  }

  #say(word: Word): void {
    if (this.#listeners.size > 0) for (const listener of this.#listeners) tell(listener, word);
    else if (this.#kept.push(word) > MOST_KEPT) this.#kept.shift();
  }
}

function tell({ onError, onNotice }: Listener, word: Word): void {
  if ("error" in word) onError?.(word.error);
  else onNotice?.(word.notice);
}
