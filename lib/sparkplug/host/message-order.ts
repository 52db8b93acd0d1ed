/** What becomes of a message: in its place, behind its time, or after a gap that nothing filled. */
export interface OrderHandler<M> {
  /** The message's turn. `late`: its place has been given up before, or it came twice. */
  deliver(message: M, late: boolean): void;
  /** The message with that seq is missing, and is not waited for any longer. */
  gap(seq: number): void;
}

/** A message that many behind the expected one is late; beyond, so many are missing. */
const LATE_RANGE = 16;
/** So many messages wait for a missing one at most. */
const MAX_HELD = 128;

/**
 * The order of an edge node's messages (Sparkplug 3.0 section 6.4.30): one that comes too early is held until those before
 * it arrive or the reordering timeout elapses.
 */
export class MessageOrder<M> {
  readonly #timeoutMs: number;
  readonly #handler: OrderHandler<M>;
  /** The seq the next message must have; -1 while unknown. */
  #expected = -1;
  readonly #held = new Map<number, M>();
  #timer: NodeJS.Timeout | undefined;
  gaps = 0;
  duplicates = 0;

  /** @param timeoutMs 0 for not waiting at all */
  constructor(timeoutMs: number, handler: OrderHandler<M>) {
    this.#timeoutMs = timeoutMs;
    this.#handler = handler;
  }

  /** Messages that wait for one before them. */
  get waiting(): number {
    return this.#held.size;
  }

  /** A birth of the node with that seq: what still waits belongs to the time before, and is delivered first. */
  begin(seq: number): void {
    this.flush();
    this.#expected = seq < 0 ? -1 : (seq + 1) & 0xff;
  }

  /** A message with that seq; -1 for one without. */
  take(seq: number, message: M): void {
    if (seq < 0 || this.#expected < 0) {
      if (seq >= 0) this.#expected = (seq + 1) & 0xff;
      this.#handler.deliver(message, false);
      return;
    }
    const ahead = (seq - this.#expected) & 0xff;
    if (ahead === 0) {
      this.#expected = (seq + 1) & 0xff;
      this.#handler.deliver(message, false);
      if (this.#held.size > 0) this.#deliverNext();
    } else if (ahead >= 256 - LATE_RANGE) {
      this.duplicates += 1;
      this.#handler.deliver(message, true);
    } else if (this.#held.has(seq)) this.duplicates += 1;
    else {
      this.#held.set(seq, message);
      if (this.#timeoutMs === 0 || this.#held.size > MAX_HELD) this.flush();
      else this.#timer ??= setTimeout(() => this.flush(), this.#timeoutMs);
    }
  }

  /** Delivers all that waits, whatever is missing before it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#held.size > 0) {
      this.gaps += 1;
      this.#handler.gap(this.#expected);
      while (!this.#held.has(this.#expected)) this.#expected = (this.#expected + 1) & 0xff;
      this.#deliverNext();
    }
  }

  /** Forgets what waits; the next message begins anew. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
    this.#expected = -1;
  }

  #deliverNext(): void {
    for (let next = this.#held.get(this.#expected); next !== undefined; next = this.#held.get(this.#expected)) {
      this.#held.delete(this.#expected);
      this.#expected = (this.#expected + 1) & 0xff;
      this.#handler.deliver(next, false);
    }
    if (this.#held.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
