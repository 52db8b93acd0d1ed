import { messageOf } from "../errors/index.ts";

/** Faults after which the same work in smaller parts may pass. */
const TOO_LARGE =
  /BadTooManyOperations|BadTcpMessageTooLarge|BadRequestTooLarge|BadResponseTooLarge|BadEncodingLimitsExceeded/;
/** A server that closes the connection over a message says nothing; below this size the message was not the reason. */
const SUSPICIOUS_SIZE = 100;

/** How many operations go into one call of a service. A server teaches it: a size that was too much is never asked again. */
export class BatchSize {
  #size: number;
  /** So many have passed: a connection that ends over fewer was not ended by their number. */
  #proven = 0;

  constructor(size: number) {
    this.#size = Math.max(1, size);
  }

  get size(): number {
    return this.#size;
  }

  /** The server states another limit; what was learnt stays when it is smaller. */
  limit(size: number): void {
    this.#size = Math.max(1, Math.min(this.#size, size));
  }

  /**
   * Runs `call` over all operations in parts; a part that is too large is halved and tried again.
   * @throws what `call` throws for any other reason
   */
  async run<T>(operations: readonly T[], call: (part: readonly T[], at: number) => Promise<void>): Promise<void> {
    let at = 0;
    while (at < operations.length) {
      const part = operations.slice(at, at + this.#size);
      try {
        await call(part, at);
        at += part.length;
        this.#proven = Math.max(this.#proven, part.length);
      } catch (error) {
        const text = messageOf(error);
        const tooLarge = TOO_LARGE.test(text);
        const isSuspicious = part.length >= SUSPICIOUS_SIZE && part.length > this.#proven;
        const cutOff = isSuspicious && /closed|Connection|disconnected/i.test(text);
        if (tooLarge || cutOff) this.limit(Math.ceil(part.length / 2));
        if (!tooLarge || part.length === 1) throw error;
      }
    }
  }
}
