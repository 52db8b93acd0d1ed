import { randomUUID } from "node:crypto";
import type { Row } from "../../lib/database/index.ts";
import { FplusError } from "../../lib/errors/index.ts";
import type { Message } from "../frame/index.ts";

/** Streams that may wait for their next batch at once; each holds a connection. */
const MAX_WAITING = 4;
/** Milliseconds after which a stream that nobody asks is given up. */
const ASK_MS = 60_000;

/** How a stream is handed on. */
export interface StreamShape {
  /** A message a row instead of one a batch. */
  readonly eachRow: boolean;
  /** Waits for a message that asks before it reads on. */
  readonly asked: boolean;
}

/** Streams of one node that are on their way, by their id in `msg.parts`. */
export class RowStreams {
  readonly #waiting = new Map<string, (more: boolean) => void>();

  /** True when the message was for a stream: `msg.stream` is `next` or `stop`, `msg.parts.id` says which. */
  take(msg: Message): boolean {
    const asked = msg["stream"];
    if (asked !== "next" && asked !== "stop") return false;
    const { id, count } = (msg["parts"] ?? {}) as { id?: unknown; count?: unknown };
    // A flow that asks after every batch asks after the last one too.
    if (count !== undefined) return true;
    const go = this.#waiting.get(String(id));
    if (go === undefined) {
      if (asked === "stop") return true;
      throw new FplusError("database.query", "no stream waits under this id", {
        field: "parts.id",
        hint: `Pass msg.parts of its last batch on, within ${ASK_MS / 1000} s.`,
      });
    }
    go(asked === "next");
    return true;
  }

  /** Sends the batches of a stream; gives the number of rows. */
  async send(
    batches: AsyncGenerator<readonly Row[], void>,
    { eachRow, asked }: StreamShape,
    send: (payload: unknown, parts: object) => void,
  ): Promise<number> {
    const id = randomUUID();
    let rows = 0;
    let index = 0;
    let next = await batches.next();
    try {
      while (next.done !== true) {
        const batch = next.value;
        rows += batch.length;
        // One ahead, so that the last message can say that it is the last.
        next = await batches.next();
        const isLast = next.done === true;
        // The question may come back while the batch is still being sent.
        const asks = asked && !isLast ? this.#asked(id) : undefined;
        if (eachRow) {
          for (const [i, row] of batch.entries()) {
            const end = isLast && i === batch.length - 1 ? { count: rows } : {};
            send(row, { id, type: "array", index: index++, len: 1, ...end });
          }
        } else {
          const end = isLast ? { count: index + 1 } : {};
          send(batch, { id, type: "array", index: index++, len: batch.length, ...end });
        }
        if (isLast || (await asks) === false) break;
        // What hears the messages runs before the next ones are made.
        await new Promise(setImmediate);
      }
    } finally {
      await batches.return(undefined);
    }
    return rows;
  }

  /** Ends all that wait. */
  close(): void {
    for (const go of this.#waiting.values()) go(false);
  }

  #asked(id: string): Promise<boolean> {
    if (this.#waiting.size >= MAX_WAITING) {
      throw new FplusError("database.busy", `${MAX_WAITING} streams wait to be asked already`, {
        hint: "Send msg.stream = stop for those that are of no use any more.",
      });
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(
          new FplusError("database.timeout", `nobody asked for the next batch within ${ASK_MS / 1000} s`, {
            hint: "Send msg.stream = next with the batch's msg.parts back to this node.",
          }),
        );
      }, ASK_MS);
      this.#waiting.set(id, (more) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(more);
      });
    });
  }
}
