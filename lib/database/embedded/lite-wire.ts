import { Duplex } from "node:stream";

/** To the thread: bytes of the protocol, or the end. */
export type LiteRequest = { readonly id: number } & (
  | { readonly close: true }
  | { readonly close: false; readonly bytes: Uint8Array }
);

/** From the thread: some of an answer's bytes, its end, or why there is none. The first `done` (id 0) says that it has started. */
export interface LiteReply {
  readonly id: number;
  readonly bytes?: Uint8Array;
  readonly done?: boolean;
  readonly failure?: string;
}

/** Hands bytes to the database and each part of the answer to `part`; resolves at the answer's end. */
export type Exchange = (bytes: Uint8Array, part: (bytes: Uint8Array) => void) => Promise<void>;

const TERMINATE = "X".charCodeAt(0);

/** What the driver takes for a socket: what it writes goes to PGlite, what PGlite answers is read from it. */
export class LiteWire extends Duplex {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    super();
    this.#exchange = exchange;
  }

  /** The driver's call; there is nothing to connect. */
  connect(): this {
    setImmediate(() => this.emit("connect"));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    // The answer is pushed as it comes; the driver reads all of it.
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    if (chunk[0] === TERMINATE) {
      this.push(null);
      written();
      return;
    }
    this.#exchange(chunk, (bytes) => this.push(Buffer.from(bytes))).then(
      () => written(),
      (error: unknown) => written(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override _final(ended: () => void): void {
    this.push(null);
    ended();
  }
}
