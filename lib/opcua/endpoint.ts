import type { ClientSession, OPCUAClient } from "node-opcua";
import { FplusError, toFplusError } from "../errors/index.ts";
import type { PartHealth } from "../health/index.ts";
import { keepLearnt } from "./batches.ts";
import type { CertificateInfo } from "./certificate.ts";
import { dispose } from "./client.ts";
import { onBroken, openConnection } from "./connection.ts";
import { type Listener, Listeners } from "./listeners.ts";
import type { EndpointOptions } from "./endpoint-options.ts";
import { FailureReport } from "./failure-report.ts";
import { detachSession } from "./internals.ts";
import { type ServerLimits, USUAL_LIMITS } from "./limits.ts";
import { loadOpcua, type Opcua } from "./load.ts";
import { ParkedSession } from "./parked-session.ts";
import { PublishLoop } from "./publish-loop.ts";
import { ReaderNames } from "./reader-names.ts";
import { noReadings, type ReadingCounters } from "./reading-counters.ts";
import { ServerSet } from "./redundancy.ts";
import { RetryTimer } from "./retry-timer.ts";
import { isServerUrl } from "./server-address.ts";
import { checkSecurity } from "./security.ts";
import { ServerWatch } from "./server-watch.ts";
import { type SessionUser, SessionUsers } from "./session-users.ts";

/** Whether there is a session. */
export type EndpointState = "connecting" | "up" | "down";

/** No server keeps a session longer. */
const PARKED_MS = 5 * 60_000;
const PATIENCE_MS = 5_000;
const URGENT_DAYS = 7;

/**
 * One OPC UA session for all who read from a server. It connects for ever. When the link breaks, the session is taken up
 * again over a new connection, so that nothing which the server keeps for it is lost; when the session itself is broken,
 * a new one is made, because a half-repaired session looks healthy and delivers nothing.
 */
export class Endpoint {
  readonly options: EndpointOptions;
  /** How the readers call the server's variables. */
  readonly names = new ReaderNames();
  readonly reading: ReadingCounters = noReadings();
  items = 0;
  readonly #servers: ServerSet;
  readonly #watch: ServerWatch;
  readonly #failures: FailureReport;
  readonly #listeners = new Listeners();
  readonly #users = new SessionUsers((error) => this.#listeners.error(error));
  readonly #parked = new ParkedSession();
  readonly #retry = new RetryTimer(() => this.#attempt());
  #client: OPCUAClient | undefined;
  #session: ClientSession | undefined;
  #publishing: PublishLoop | undefined;
  #limits: ServerLimits = USUAL_LIMITS;
  #opcua: Opcua | undefined;
  #state: EndpointState = "connecting";
  #reason = "";
  #since = Date.now();
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #started = false;
  readonly #counters = { reconnects: 0, sessions: 0, resumptions: 0, attempts: 0 };

  /** @throws FplusError `config.invalid` naming `url`, `standIns`, `securityMode` or `securityPolicy` */
  constructor(options: EndpointOptions) {
    const urls = [options.url, ...(options.standIns ?? [])];
    const wrong = urls.findIndex((url) => !isServerUrl(url));
    if (wrong >= 0) {
      throw new FplusError("config.invalid", `not an OPC UA address: ${urls[wrong] || "empty"}`, {
        field: wrong === 0 ? "url" : "standIns",
        hint: "Write it like opc.tcp://192.168.0.10:4840.",
      });
    }
    checkSecurity(options.securityMode ?? "None", options.securityPolicy ?? "None");
    this.options = options;
    this.#servers = new ServerSet(urls);
    this.#failures = new FailureReport(options.patienceMs ?? PATIENCE_MS, (error) => this.#listeners.error(error));
    this.#watch = new ServerWatch(this.#servers, {
      notice: (text) => this.#listeners.notice(text),
      leave: (reason) => this.#lost(reason, false),
    });
  }

  get state(): EndpointState {
    return this.#state;
  }

  /** Why it is not up; empty while it is. */
  get reason(): string {
    return this.#reason;
  }

  /** Milliseconds since the state last changed. */
  get stateAge(): number {
    return Date.now() - this.#since;
  }

  /** The address in use, or tried last. */
  get url(): string {
    return this.#servers.current;
  }

  /** A flaw that does not stop it yet: a certificate near its end. Empty where there is none. */
  get warning(): string {
    return this.#watch.warning;
  }

  /** Whole days until a certificate ends, ours or the server's, where that is near; negative once it has. */
  get certificateDays(): number | undefined {
    return this.#watch.certificateDays;
  }

  /**
   * What serves the subscriptions of the present session.
   * @throws FplusError `opcua.unreachable` when there is none now
   */
  get publishing(): PublishLoop {
    if (this.#publishing === undefined)
      throw new FplusError("opcua.unreachable", this.#reason || "not connected", { field: this.url });
    return this.#publishing;
  }

  /** The certificate that the server showed; undefined without security, or while there is no session. */
  get serverCertificate(): CertificateInfo | undefined {
    return this.#watch.serverCertificate;
  }

  /** Adds a listener, who is told at once of a failure that lasts; returns what takes it off again. */
  listen(listener: Listener): () => void {
    return this.#listeners.add(listener, this.#failures.standing);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#attempt();
  }

  /** Adds a user; it is told of the session now, if there is one, and of every later one. */
  use(user: SessionUser): () => void {
    this.#users.add(user);
    const session = this.#session;
    if (session !== undefined) this.#tellNext(user, session);
    return () => this.#users.delete(user);
  }

  /**
   * Runs one job on the session.
   * @throws FplusError `opcua.unreachable` when there is none now, `opcua.session` where the server or the link fails
   */
  async withSession<R>(job: (session: ClientSession, limits: ServerLimits, opcua: Opcua) => Promise<R>): Promise<R> {
    if (this.#session === undefined || this.#opcua === undefined) {
      throw new FplusError("opcua.unreachable", this.#reason || "not connected", { field: this.options.url });
    }
    try {
      return await job(this.#session, this.#limits, this.#opcua);
    } catch (error) {
      throw toFplusError("opcua.session", error, { field: this.options.url });
    }
  }

  /** Tries again at once where it waits for its next attempt, because what stood in the way may be gone. */
  hurry(): void {
    this.#retry.hurry();
  }

  /** Gives the session up and makes a new one, because something on it no longer works. */
  restart(reason: string): void {
    this.#lost(reason, false);
  }

  /** Gives the connection up and takes the session up again over a new one, because nothing comes through. */
  reconnect(reason: string): void {
    this.#lost(reason, true);
  }

  health(): PartHealth {
    const isUp = this.#state === "up";
    const { serviceLevel } = this.#watch;
    return {
      kind: "opcua-endpoint",
      name: this.options.name,
      status: isUp ? (isUrgent(this.certificateDays) ? "degraded" : "up") : "down",
      mode: "external",
      detail: isUp ? [this.url, this.warning].filter(Boolean).join("; ") : this.#reason || "connecting",
      counters: { ...this.reading, ...this.#counters, switches: this.#servers.switches },
      gauges: {
        items: this.items,
        session: this.#session === undefined ? 0 : 1,
        ...(serviceLevel === undefined ? {} : { serviceLevel }),
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry.stop();
    this.#watch.disconnected();
    this.#users.disconnected();
    const client = this.#client;
    const session = this.#session;
    this.#session = undefined;
    this.#client = undefined;
    this.#publishing?.pause();
    await this.#work.catch(() => undefined);
    await dispose(client, session);
  }

  #attempt(): void {
    if (this.#closed) return;
    this.#counters.attempts += 1;
    this.#work = this.#work.then(() => this.#connect()).catch((error: unknown) => this.#failed(error));
  }

  async #connect(): Promise<void> {
    const opcua = await loadOpcua();
    if (this.#closed) return;
    this.#opcua = opcua;
    const connection = await openConnection(opcua, this.options, this.#servers.next(), this.#parked);
    const { client, session, limits } = connection;
    if (this.#closed) return dispose(client, session);
    onBroken(client, (reason) => this.#lost(reason, true));
    if (limits === undefined) this.#counters.resumptions += 1;
    else this.#began(opcua, session, limits);
    this.#client = client;
    this.#session = session;
    this.#retry.succeeded();
    this.#failures.succeeded();
    this.#enter("up", "");
    this.#watch.connected(session, connection.application.certificate, connection.server);
    for (const user of this.#users) await this.#tell(user, session);
    if (this.#session === session) this.#publishing?.resume();
    return undefined;
  }

  #began(opcua: Opcua, session: ClientSession, limits: ServerLimits): void {
    this.#limits = keepLearnt(limits, this.#limits);
    this.#parked.forget();
    this.#counters.sessions += 1;
    const isMine = (): boolean => this.#session === session;
    session.on("session_closed", () => isMine() && this.#lost("session closed by the server", false));
    this.#publishing = new PublishLoop(opcua, session, {
      onSessionGone: (reason) => isMine() && this.#lost(reason, false),
      onError: (error) => this.#listeners.error(error),
    });
  }

  async #tell(user: SessionUser, session: ClientSession): Promise<void> {
    if (this.#session !== session || this.#opcua === undefined) return;
    const failure = await this.#users.tell(user, { session, limits: this.#limits, opcua: this.#opcua });
    if (failure === undefined || this.#session !== session) return;
    // A fresh session may help. One that fails on that, too, has a problem of its own, and the others keep theirs.
    if (failure.attempts === 1) this.#lost(failure.reason, false);
    else this.#users.tryLater(user, failure, () => this.#tellNext(user, session));
  }

  /** After what is being done on the session. */
  #tellNext(user: SessionUser, session: ClientSession): void {
    this.#work = this.#work.then(() => this.#tell(user, session));
  }

  /** @param keep whether the session may be taken up again */
  #lost(reason: string, keep: boolean): void {
    const client = this.#client;
    const session = this.#session;
    if (this.#closed || session === undefined || client === undefined) return;
    this.#session = undefined;
    this.#client = undefined;
    this.#watch.disconnected();
    this.#counters.reconnects += 1;
    this.#enter("down", reason);
    this.#publishing?.pause();
    this.#users.disconnected();
    if (keep) {
      this.#parked.park(session, this.url);
      detachSession(client, session);
      dispose(client, undefined).catch(() => undefined);
    } else {
      this.#publishing = undefined;
      this.#work = this.#work.then(() => dispose(client, session));
    }
    this.#again();
  }

  #failed(error: unknown): void {
    this.#enter("down", this.#failures.failed(this.url, error));
    this.#again(this.#servers.failed());
  }

  /** @param soon there is another address that was not tried yet */
  #again(soon = false): void {
    if (this.#closed) return;
    const isUrgent = this.#parked.waits && this.stateAge < PARKED_MS;
    this.#retry.plan(soon ? "soon" : isUrgent ? "urgent" : "usual");
  }

  #enter(state: EndpointState, reason: string): void {
    if (state !== this.#state) this.#since = Date.now();
    this.#state = state;
    this.#reason = reason;
  }
}

/** A certificate that ends within a week will stop the plant. */
function isUrgent(certificateDays: number | undefined): boolean {
  return certificateDays !== undefined && certificateDays < URGENT_DAYS;
}
