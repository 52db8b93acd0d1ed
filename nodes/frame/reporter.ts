import { FplusError, messageOf } from "../../lib/errors/index.ts";

interface Repeated {
  count: number;
  timer: NodeJS.Timeout | undefined;
}

const SUMMARY_MS = 60_000;
const MAX_KINDS = 500;

/**
 * Says each kind of error once and counts the rest: a source of bad data must not fill the log.
 * Two errors are of one kind when their code and field are the same.
 */
export class ErrorReporter {
  readonly #say: (text: string, error: unknown) => void;
  readonly #kinds = new Map<string, Repeated>();
  total = 0;

  constructor(say: (text: string, error: unknown) => void) {
    this.#say = say;
  }

  /** `say` takes the place of the usual way to say it, for this once. Tells whether it was said. */
  report(error: unknown, say = this.#say): boolean {
    this.total += 1;
    const text = messageOf(error);
    const key = error instanceof FplusError ? `${error.code} ${error.field ?? error.message}` : text;
    const known = this.#kinds.get(key);
    if (known === undefined) {
      if (this.#kinds.size >= MAX_KINDS) this.#forget();
      this.#kinds.set(key, { count: 0, timer: undefined });
      say(text, error);
      return true;
    }
    known.count += 1;
    known.timer ??= setTimeout(() => {
      this.#say(`${text} (${known.count} more times)`, error);
      known.count = 0;
      known.timer = undefined;
    }, SUMMARY_MS).unref();
    return false;
  }

  close(): void {
    for (const kind of this.#kinds.values()) clearTimeout(kind.timer);
    this.#kinds.clear();
  }

  #forget(): void {
    const oldest = this.#kinds.keys().next().value;
    if (oldest === undefined) return;
    clearTimeout(this.#kinds.get(oldest)?.timer);
    this.#kinds.delete(oldest);
  }
}
