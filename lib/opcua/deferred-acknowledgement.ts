import { Receipt } from "../sample/index.ts";

/** How long, and how many at once. */
export interface DeferralOptions {
  /** Milliseconds after which a message is acknowledged although nobody has stored it. */
  readonly withinMs: number;
  /** Messages that wait at most: the server keeps each of them, and not without limit. */
  readonly most: number;
  /** A message was acknowledged although nobody had stored it. */
  readonly onUnstored: () => void;
}

interface Waiting {
  readonly acknowledge: () => void;
  readonly since: number;
}

const CHECK_MS = 250;
/** Messages in a row that nobody stored: then nobody does, and waiting gains nothing. */
const GIVE_UP_AFTER = 5;

/**
 * Acknowledges messages to a server when what they held is stored. It cannot stall: a message is acknowledged after a
 * time whatever happens. Where nobody stores at all, messages are acknowledged as they are handed on, until somebody does.
 */
export class DeferredAcknowledgement {
  readonly #options: DeferralOptions;
  readonly #waiting = new Set<Waiting>();
  #unstoredInRow = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeferralOptions) {
    this.#options = options;
  }

  /** Messages that are handed on and not stored yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether somebody stores what is handed on, as far as is known. */
  get stores(): boolean {
    return this.#unstoredInRow < GIVE_UP_AFTER;
  }

  /** The receipt for a message, which acknowledges it. */
  receiptFor(acknowledge: () => void): Receipt {
    const entry: Waiting = { acknowledge, since: Date.now() };
    if (this.stores) this.#wait(entry);
    else acknowledge();
    return new Receipt(() => {
      this.#unstoredInRow = 0;
      if (this.#waiting.delete(entry)) acknowledge();
    });
  }

  /** Acknowledges nothing more: what waits comes again to whoever takes the subscription over. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #wait(entry: Waiting): void {
    this.#waiting.add(entry);
    if (this.#waiting.size > this.#options.most) this.#release(this.#waiting.values().next().value!);
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  #check(): void {
    const before = Date.now() - this.#options.withinMs;
    for (const entry of this.#waiting) {
      if (entry.since > before) break;
      this.#release(entry);
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #release(entry: Waiting): void {
    this.#waiting.delete(entry);
    this.#unstoredInRow += 1;
    this.#options.onUnstored();
    entry.acknowledge();
  }
}
