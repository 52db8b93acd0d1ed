import type { NotificationMessage } from "./publish-loop.ts";
import { after, distance } from "./sequence-number.ts";

/** What a sequence does with messages, and where it has lost ones from. */
export interface SequenceHandlers {
  /** The next message. */
  deliver(message: NotificationMessage): void;
  /** One that was delivered before. */
  repeated(sequenceNumber: number): void;
  /** So many messages were sent and cannot be had any more. */
  missed(messages: number): void;
  /** Asks for a message that was sent before; undefined where the server no longer holds it. */
  republish(sequenceNumber: number): Promise<NotificationMessage | undefined>;
  /** Asking failed: the server refused, or the connection is gone. */
  failed(error: unknown): void;
}

/** Messages that wait for an earlier one; what is beyond can be asked for again. */
const MOST_HELD = 1_000;

/** A message to be read later: its data changes are views that end with the call that brought them. */
function ownCopy(message: NotificationMessage): NotificationMessage {
  return { ...message, dataChanges: message.dataChanges.map((bytes) => bytes.slice()) };
}

/**
 * Puts the messages of a subscription in the server's order, each once. A gap is filled by asking for what is missing;
 * what the server no longer holds is counted and left out.
 */
export class MessageSequence {
  readonly #handlers: SequenceHandlers;
  /** Sequence number of the next message; undefined until the first one tells. */
  #next: number | undefined;
  readonly #held = new Map<number, NotificationMessage>();
  #available: readonly number[] = [];
  #filling = false;
  #ended = false;

  constructor(next: number | undefined, handlers: SequenceHandlers) {
    this.#next = next;
    this.#handlers = handlers;
  }

  /** Where the first message is not known, it is the oldest of these. */
  beginAt(available: readonly number[]): void {
    this.#next ??= [...available].sort((a, b) => distance(b, a))[0];
  }

  /** @param available what the server can send again */
  received(message: NotificationMessage, available: readonly number[]): void {
    this.#available = available;
    const { sequenceNumber } = message;
    const isKeepAlive = message.dataChanges.length === 0 && message.others.length === 0;
    this.#next ??= sequenceNumber;
    const ahead = distance(this.#next, sequenceNumber);
    if (isKeepAlive) {
      // It names the message to come: if that is not the one expected, something was sent and did not arrive.
      if (ahead > 0) this.fill(sequenceNumber);
    } else if (ahead < 0) this.#handlers.repeated(sequenceNumber);
    else if (ahead === 0 && !this.#filling) {
      this.#deliver(message);
      if (this.#held.size > 0) this.fill();
    } else {
      if (this.#held.size < MOST_HELD) this.#held.set(sequenceNumber, ownCopy(message));
      this.fill(sequenceNumber);
    }
  }

  /**
   * Fetches everything that was sent while there was no connection.
   * @throws Error of node-opcua when the server refuses or the connection breaks
   */
  async fetch(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (this.#next !== undefined && !this.#ended) {
        const message = this.#takeHeld() ?? (await this.#handlers.republish(this.#next));
        if (message === undefined) break;
        this.#deliver(message);
      }
    } finally {
      this.#filling = false;
    }
  }

  /** Brings everything before `target` in, from what is held or by asking for it; returns at once. */
  fill(target = this.#next ?? 0): void {
    if (this.#filling || this.#ended) return;
    this.#filling = true;
    this.#catchUp(target)
      .catch((error: unknown) => this.#handlers.failed(error))
      .finally(() => (this.#filling = false));
  }

  /** Nothing is delivered any more: handles of a subscription that ended mean nothing. */
  end(): void {
    this.#ended = true;
    this.#held.clear();
  }

  #deliver(message: NotificationMessage): void {
    // One asked for again may arrive after the end.
    if (this.#ended) return;
    this.#next = after(message.sequenceNumber);
    this.#handlers.deliver(message);
  }

  #takeHeld(): NotificationMessage | undefined {
    const message = this.#held.get(this.#next!);
    if (message !== undefined) this.#held.delete(this.#next!);
    return message;
  }

  async #catchUp(target: number): Promise<void> {
    let until = target;
    while (!this.#ended) {
      const held = this.#takeHeld();
      if (held !== undefined) {
        this.#deliver(held);
        continue;
      }
      for (const sequenceNumber of this.#held.keys()) if (distance(until, sequenceNumber) > 0) until = sequenceNumber;
      if (distance(this.#next!, until) <= 0) return;
      const message = this.#available.includes(this.#next!) ? await this.#handlers.republish(this.#next!) : undefined;
      if (message !== undefined) this.#deliver(message);
      else if (!this.#held.has(this.#next!)) this.#skip(until);
    }
  }

  /** Gives up everything up to the next message that can be had. */
  #skip(until: number): void {
    let next = until;
    for (const candidate of [...this.#held.keys(), ...this.#available]) {
      if (distance(this.#next!, candidate) > 0 && distance(candidate, next) > 0) next = candidate;
    }
    const missed = distance(this.#next!, next);
    this.#next = next;
    this.#handlers.missed(missed);
  }
}
