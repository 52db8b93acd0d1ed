import type { ClientSession } from "node-opcua";
import type { CertificateInfo } from "./certificate.ts";
import type { ServerCheck } from "./client.ts";
import { ExpiryWatch } from "./expiry.ts";
import { readServiceLevel, type ServerSet } from "./redundancy.ts";

/** Whom to tell. */
export interface ServerWatchOptions {
  /** Something that people should know. */
  notice(text: string): void;
  /** The server should be left for another, and why. */
  leave(reason: string): void;
  /** Milliseconds between two readings of the service level; 5,000 where left out. */
  readonly levelEveryMs?: number;
}

const LEVEL_EVERY_MS = 5_000;
const EXPIRY_EVERY_MS = 6 * 60 * 60_000;

/** Looks after what may go wrong with a server while its session is well: certificates that end, a service level that falls. */
export class ServerWatch {
  readonly #servers: ServerSet;
  readonly #options: ServerWatchOptions;
  readonly #expiry = new ExpiryWatch();
  #timers: NodeJS.Timeout[] = [];
  #session: ClientSession | undefined;
  #level: number | undefined;
  #shown: CertificateInfo | undefined;

  constructor(servers: ServerSet, options: ServerWatchOptions) {
    this.#servers = servers;
    this.#options = options;
  }

  /** What is not well, in short; empty where all is. */
  get warning(): string {
    return this.#expiry.warning();
  }

  /** Whole days until a certificate ends, ours or the server's, where that is near; negative once it has. */
  get certificateDays(): number | undefined {
    return this.#expiry.daysLeft();
  }

  /** What the server showed; undefined without security, or while there is no session. */
  get serverCertificate(): CertificateInfo | undefined {
    return this.#session === undefined ? undefined : this.#shown;
  }

  /** As the server said last; undefined where it does not say, or was not asked. */
  get serviceLevel(): number | undefined {
    return this.#level;
  }

  /** There is a session on the current server of the set. */
  connected(session: ClientSession, ours: CertificateInfo | undefined, server: ServerCheck): void {
    this.disconnected();
    this.#session = session;
    this.#shown = server.certificate;
    const left = this.#servers.connected();
    if (left !== undefined) this.#options.notice(`${this.#servers.current} has taken over from ${left}.`);
    if (server.firstUse && server.certificate !== undefined) {
      const { subject, fingerprint } = server.certificate;
      this.#options.notice(
        `The certificate of ${this.#servers.current} was accepted at the first connection and is kept: ${subject}, ${fingerprint}. ` +
          "Compare it with the server's; from now on another one is refused.",
      );
    }
    if (ours !== undefined) this.#expiry.use("our", ours);
    if (server.certificate !== undefined) this.#expiry.use("the server's", server.certificate);
    this.#sayExpiry();
    this.#timers.push(setInterval(() => this.#sayExpiry(), EXPIRY_EVERY_MS));
    if (!this.#servers.redundant) return;
    const every = this.#options.levelEveryMs ?? LEVEL_EVERY_MS;
    this.#timers.push(setInterval(() => this.#readLevel(session), every));
    this.#readLevel(session);
  }

  disconnected(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#session = undefined;
    this.#level = undefined;
  }

  #sayExpiry(): void {
    for (const sentence of this.#expiry.due())
      this.#options.notice(`${sentence[0]!.toUpperCase()}${sentence.slice(1)}`);
  }

  #readLevel(session: ClientSession): void {
    readServiceLevel(session).then(
      (level) => {
        if (this.#session !== session || level === undefined) return;
        this.#level = level;
        if (this.#servers.stated(level)) this.#options.leave(`service level ${level}, another server may be better`);
      },
      // A session that fails is noticed by those who use it.
      () => undefined,
    );
  }
}
