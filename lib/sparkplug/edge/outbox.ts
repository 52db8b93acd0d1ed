import type { Spool, SpoolRecord } from "../../spool/index.ts";

/** Sends one spooled record; `false` means not now (a device is not born yet), and `resume` is called when it may be. */
export type SendRecord = (record: SpoolRecord) => Promise<boolean>;

/** Records sent within one interval: the last one's position, and when the first and the last were sent. */
interface Sent {
  position: number;
  readonly since: number;
  until: number;
}

const CHUNK = 32;
const RELEASE_INTERVAL_MS = 500;

/**
 * The way from the spool to the network, at least once and in order.
 *
 * DATA is QoS 0: what was written to a socket shortly before the broker died is lost without a sign. So a record is
 * released from the spool only when it was sent and the connection then lived on for `rollingMs`; when the connection
 * comes back, everything unreleased is sent again, as history. Live records do not wait for the backlog.
 */
export class Outbox {
  readonly #spool: Spool;
  readonly #rollingMs: number;
  readonly #send: SendRecord;
  readonly #onError: (error: unknown) => void;
  readonly #onSent: () => void;
  #online = false;
  /** Next record of the backlog to send, and where the backlog ends. */
  #cursor = 0;
  #backlogEnd = 0;
  #pumping: Promise<void> | undefined;
  #replayed: Sent[] = [];
  #live: Sent[] = [];
  #timer: NodeJS.Timeout | undefined;
  replayedCount = 0;

  /** @param onSent the backlog has been sent */
  constructor(
    spool: Spool,
    rollingMs: number,
    send: SendRecord,
    onSent: () => void,
    onError: (error: unknown) => void,
  ) {
    this.#spool = spool;
    this.#rollingMs = rollingMs;
    this.#send = send;
    this.#onSent = onSent;
    this.#onError = onError;
  }

  /** True while older records wait: a new one joins them unless the caller sends it out of turn. */
  get behind(): boolean {
    return this.#cursor < this.#backlogEnd;
  }

  /** Records that wait to be sent; those sent but not yet released do not count. */
  get waiting(): number {
    return this.#online ? Math.max(0, this.#backlogEnd - this.#cursor) : this.#spool.next - this.#spool.first;
  }

  /** A connection is up and births are out: begin with the oldest record that is not known to have arrived. */
  online(): void {
    this.#online = true;
    this.#cursor = this.#spool.first;
    this.#backlogEnd = this.#spool.next;
    this.#timer ??= setInterval(() => this.#release(), RELEASE_INTERVAL_MS).unref();
    this.resume();
  }

  /** The connection is gone: what was sent lately counts as not sent. */
  offline(): void {
    this.#online = false;
    this.#replayed = [];
    this.#live = [];
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The record of that position was sent by the caller. */
  sentLive(position: number): void {
    note(this.#live, position);
  }

  /** The record of that position was not sent: it joins the backlog. */
  defer(position: number): void {
    if (!this.#online) return;
    if (!this.behind) this.#cursor = position;
    this.#backlogEnd = position + 1;
    this.resume();
  }

  /** Goes on sending the backlog, if it had stopped. */
  resume(): void {
    if (!this.#online || this.#pumping !== undefined || !this.behind) return;
    this.#pumping = this.#pump()
      .catch((error: unknown) => this.#onError(error))
      .finally(() => (this.#pumping = undefined));
  }

  async close(): Promise<void> {
    this.offline();
    await this.#pumping;
    await this.#spool.close();
  }

  async #pump(): Promise<void> {
    while (this.#online && this.behind) {
      const records = this.#spool.read(this.#cursor, Math.min(CHUNK, this.#backlogEnd - this.#cursor));
      if (records.length === 0) this.#cursor = this.#backlogEnd;
      for (const record of records) {
        if (!this.#online || !(await this.#send(record)) || !this.#online) return;
        this.#cursor = record.position + 1;
        note(this.#replayed, record.position);
        this.replayedCount += 1;
      }
      // Live data and timers get their turn between two chunks.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#online) this.#onSent();
  }

  #release(): void {
    const before = Date.now() - this.#rollingMs;
    this.#releaseAged(this.#replayed, before);
    if (!this.behind && this.#replayed.length === 0) this.#releaseAged(this.#live, before);
  }

  #releaseAged(sent: Sent[], before: number): void {
    let count = 0;
    while (count < sent.length && sent[count]!.until <= before) count += 1;
    if (count === 0) return;
    this.#spool.release(sent[count - 1]!.position + 1);
    sent.splice(0, count);
  }
}

/** One entry an interval and not one a record: at any rate a minute is a handful of them. */
function note(sent: Sent[], position: number): void {
  const now = Date.now();
  const last = sent.at(-1);
  if (last === undefined || now - last.since >= RELEASE_INTERVAL_MS) sent.push({ position, since: now, until: now });
  else {
    last.position = position;
    last.until = now;
  }
}
