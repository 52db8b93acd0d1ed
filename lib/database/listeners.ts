import type { ClientBase } from "pg";
import { FplusError } from "../errors/index.ts";
import { quoted } from "./quoting.ts";
import type { Listener, Notification } from "./types.ts";

/** A connection that hears notifications. */
export interface Ear {
  readonly client: ClientBase;
  /** Called once when the connection is lost. */
  onLost(lost: (error: unknown) => void): void;
  close(): Promise<void>;
}

const RETRY_MS = [250, 500, 1000, 2000, 5000];
const MAX_CHANNEL_BYTES = 63;

/** All listeners of a database on one connection, which is made anew when it is lost and told every channel again. */
export class Listeners {
  readonly #connect: () => Promise<Ear>;
  readonly #channels = new Map<string, Set<Listener>>();
  #ear: Ear | undefined;
  #connecting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;
  #heard = 0;

  constructor(connect: () => Promise<Ear>) {
    this.#connect = connect;
  }

  /** Channels that are listened to. */
  get channels(): number {
    return this.#channels.size;
  }

  /** Notifications heard so far. */
  get heard(): number {
    return this.#heard;
  }

  /** @throws FplusError `database.query` for a name that is none */
  async add(channels: readonly string[], listener: Listener): Promise<() => Promise<void>> {
    for (const channel of channels) {
      const bytes = Buffer.byteLength(channel);
      if (bytes > 0 && bytes <= MAX_CHANNEL_BYTES && !channel.includes("\0")) continue;
      const hint = "Use 1 to 63 letters, digits and underscores.";
      throw new FplusError("database.query", `not a channel: ${channel}`, { field: "channel", hint });
    }
    for (const channel of channels) {
      const listeners = this.#channels.get(channel);
      if (listeners !== undefined) listeners.add(listener);
      else {
        this.#channels.set(channel, new Set([listener]));
        await this.#tell("LISTEN", channel);
      }
    }
    if (this.#ear === undefined) await this.#open();
    else listener.listening?.(true);
    return () => this.#remove(channels, listener);
  }

  /** Hands on what a connection heard. */
  deliver({
    channel,
    payload = "",
    processId,
  }: {
    channel: string;
    payload?: string | undefined;
    processId: number;
  }): void {
    const listeners = this.#channels.get(channel);
    if (listeners === undefined) return;
    this.#heard += 1;
    const notification: Notification = { channel, payload, sender: processId };
    for (const listener of listeners) listener.heard(notification);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#connecting;
    const ear = this.#ear;
    this.#ear = undefined;
    await ear?.close().catch(() => undefined);
  }

  async #remove(channels: readonly string[], listener: Listener): Promise<void> {
    for (const channel of channels) {
      const listeners = this.#channels.get(channel);
      if (listeners?.delete(listener) !== true || listeners.size > 0) continue;
      this.#channels.delete(channel);
      await this.#tell("UNLISTEN", channel);
    }
    if (this.#channels.size > 0) return;
    clearTimeout(this.#retry);
    const ear = this.#ear;
    this.#ear = undefined;
    await ear?.close().catch(() => undefined);
  }

  /** Failures show as a lost connection, which is made anew. */
  async #tell(verb: "LISTEN" | "UNLISTEN", channel: string): Promise<void> {
    await this.#ear?.client.query(`${verb} ${quoted(channel)}`).catch(() => undefined);
  }

  #open(): Promise<void> {
    this.#connecting ??= this.#connectAll().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connectAll(): Promise<void> {
    try {
      const ear = await this.#connect();
      if (this.#closed || this.#channels.size === 0) return await ear.close();
      ear.client.on("notification", (message) => this.deliver(message));
      ear.onLost((error) => {
        if (this.#ear !== ear) return;
        this.#ear = undefined;
        this.#later(error);
      });
      // The map may grow while this waits: read to its end.
      for (const channel of this.#channels.keys()) await ear.client.query(`LISTEN ${quoted(channel)}`);
      this.#ear = ear;
      this.#failures = 0;
      for (const listener of this.#all()) listener.listening?.(true);
    } catch (error) {
      this.#later(error);
    }
  }

  #later(why: unknown): void {
    if (this.#closed || this.#channels.size === 0) return;
    if (this.#failures === 0) for (const listener of this.#all()) listener.listening?.(false, why);
    const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)]!;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#open().catch(() => undefined);
    }, wait);
  }

  #all(): Set<Listener> {
    return new Set([...this.#channels.values()].flatMap((listeners) => [...listeners]));
  }
}
