import type { ClientSession, OPCUAClient } from "node-opcua";
import { FplusError, messageOf } from "../errors/index.ts";
import type { PartHealth } from "../health/index.ts";
import type { CertificateInfo } from "./certificate.ts";
import { connectInTime, dispose, newAttempt } from "./client.ts";
import { connectionError, reasonOf } from "./diagnosis.ts";
import { identityOf, type UserToken } from "./identity.ts";
import { detachSession, faultOf } from "./internals.ts";
import { readLimits, type ServerLimits, USUAL_LIMITS } from "./limits.ts";
import { loadOpcua, type Opcua } from "./load.ts";
import { PublishLoop } from "./publish-loop.ts";
import { keepDataChangesRaw } from "./publish-response.ts";
import { noReadings, type ReadingCounters } from "./reading-counters.ts";
import { ServerSet } from "./redundancy.ts";
import type { SecurityMode, SecurityPolicy } from "./security.ts";
import { isServerUrl } from "./server-address.ts";
import { ServerWatch } from "./server-watch.ts";
import type { Tag } from "./tag.ts";
import type { TrustMode } from "./trust-list.ts";

/** Address, security and identity of one OPC UA server. */
export interface EndpointOptions {
  readonly name: string;
  /** `opc.tcp://host:4840/path`. */
  readonly url: string;
  /** Addresses of stand-ins, in order, for when the first does not answer or is degraded. */
  readonly standIns?: readonly string[];
  readonly securityMode?: SecurityMode;
  readonly securityPolicy?: SecurityPolicy;
  /** Servers that are not known yet: accepted and kept, or refused until a person trusts them. `first-use` where left out. */
  readonly trust?: TrustMode;
  /** Anonymous where left out. */
  readonly user?: UserToken;
  /** Milliseconds after which the server ends a session that it hears nothing of; 60,000 where left out. */
  readonly sessionTimeoutMs?: number;
  /** Milliseconds of silence after which the server is asked whether it lives. */
  readonly keepAliveMs?: number;
  /** Milliseconds until an attempt to connect is given up; 10,000 where left out. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for which failing is not reported, because a server may just be starting up; 5,000 where left out. */
  readonly patienceMs?: number;
  /** Folder for our certificate and the servers' ones. */
  readonly pkiFolder: string;
  readonly onError?: (error: unknown) => void;
  /** Told, a sentence each, of what people should know though it is no error. */
  readonly onNotice?: (text: string) => void;
}

/** Whether there is a session. */
export type EndpointState = "connecting" | "up" | "down";

/** Somebody who works on the endpoint's session: told when there is one, and when it cannot be reached. */
export interface SessionUser {
  /**
   * There is a session and a connection. After a lost link it is mostly the same session as before, over a new connection:
   * what the server holds for it (subscriptions, registered nodes, continuation points) is still there.
   */
  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void>;
  disconnected(): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** While a session waits to be taken up again, its server is not kept waiting for long. */
const LONGEST_PARKED_RETRY_MS = 4_000;
/** No server keeps a session longer. */
const PARKED_MS = 5 * 60_000;
/** Between two addresses of one server. */
const SOON_MS = 100;
const PATIENCE_MS = 5_000;
const URGENT_DAYS = 7;
/** Errors without an answer of the server: nothing is said about the session. */
const CONNECTION_FAULT = /connection|channel|socket|timed out|premature/i;

/**
 * One OPC UA session for all who read from a server. It connects for ever. When the link breaks, the session is taken up
 * again over a new connection, so that nothing which the server keeps for it is lost; when the session itself is broken,
 * a new one is made, because a half-repaired session looks healthy and delivers nothing.
 */
export class Endpoint {
  readonly options: EndpointOptions;
  readonly #servers: ServerSet;
  readonly #watch: ServerWatch;
  readonly #users = new Set<SessionUser>();
  #client: OPCUAClient | undefined;
  #session: ClientSession | undefined;
  /** The session whose link broke, until it is taken up again. */
  #parked: { readonly session: ClientSession; readonly url: string } | undefined;
  #publishing: PublishLoop | undefined;
  #limits: ServerLimits = USUAL_LIMITS;
  readonly #nodeIds = new Map<string, string>();
  readonly #names = new Map<string, string>();
  #opcua: Opcua | undefined;
  #state: EndpointState = "connecting";
  #reason = "";
  #reported = "";
  #since = Date.now();
  #attempts = 0;
  /** When trying first failed since there was a session; 0 where it did not. */
  #troubleSince = 0;
  #retry: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #started = false;
  #reconnects = 0;
  #sessions = 0;
  #tries = 0;
  #resumptions = 0;
  readonly #restartedUsers = new WeakSet<SessionUser>();
  readonly reading: ReadingCounters = noReadings();
  items = 0;

  constructor(options: EndpointOptions) {
    const urls = [options.url, ...(options.standIns ?? [])];
    const wrong = urls.findIndex((url) => !isServerUrl(url));
    if (wrong >= 0) {
      throw new FplusError("config.invalid", `not an OPC UA address: ${urls[wrong] || "empty"}`, {
        field: wrong === 0 ? "url" : "standIns",
        hint: "Write it like opc.tcp://192.168.0.10:4840.",
      });
    }
    this.options = options;
    this.#servers = new ServerSet(urls);
    this.#watch = new ServerWatch(this.#servers, {
      notice: (text) => options.onNotice?.(text),
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

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#attempt();
  }

  /** Adds a user; it is told of the session now, if there is one, and of every later one. */
  use(user: SessionUser): () => void {
    this.#users.add(user);
    const session = this.#session;
    if (session !== undefined) this.#work = this.#work.then(() => this.#tell(user, session));
    return () => void this.#users.delete(user);
  }

  /**
   * Runs one job on the session.
   * @throws FplusError `opcua.unreachable` when there is none now
   */
  async withSession<R>(job: (session: ClientSession, limits: ServerLimits, opcua: Opcua) => Promise<R>): Promise<R> {
    if (this.#session === undefined || this.#opcua === undefined) {
      throw new FplusError("opcua.unreachable", this.#reason || "not connected", { field: this.options.url });
    }
    return job(this.#session, this.#limits, this.#opcua);
  }

  /** Remembers under which names readers know the server's variables, so that writers may use them. */
  learn(tags: readonly Tag[]): void {
    for (const { device, metric, nodeId } of tags) {
      this.#nodeIds.set(`${device}/${metric}`, nodeId);
      this.#names.set(nodeId, `${device}/${metric}`);
    }
  }

  /** The NodeId of a variable that a reader of this endpoint knows as `device/metric`. */
  nodeIdOf(name: string): string | undefined {
    return this.#nodeIds.get(name);
  }

  /** `device/metric` of an address, where a reader of this endpoint has a name for it. */
  nameOf(nodeId: string): string | undefined {
    return this.#names.get(nodeId);
  }

  /** Tries again at once where it waits for its next attempt, because what stood in the way may be gone. */
  hurry(): void {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#attempts = 0;
    this.#attempt();
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
    return {
      kind: "opcua-endpoint",
      name: this.options.name,
      status: this.#state === "up" ? (isUrgent(this.certificateDays) ? "degraded" : "up") : "down",
      mode: "external",
      detail: this.#state === "up" ? [this.url, this.warning].filter(Boolean).join("; ") : this.#reason || "connecting",
      counters: {
        ...this.reading,
        reconnects: this.#reconnects,
        sessions: this.#sessions,
        resumptions: this.#resumptions,
        attempts: this.#tries,
        switches: this.#servers.switches,
      },
      gauges: {
        items: this.items,
        session: this.#session === undefined ? 0 : 1,
        ...(this.#watch.serviceLevel === undefined ? {} : { serviceLevel: this.#watch.serviceLevel }),
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#watch.disconnected();
    for (const user of this.#users) user.disconnected();
    const client = this.#client;
    const session = this.#session;
    this.#session = undefined;
    this.#client = undefined;
    this.#publishing?.pause();
    await this.#work.catch(() => undefined);
    await dispose(client, session);
  }

  #attempt(): void {
    this.#retry = undefined;
    if (this.#closed) return;
    this.#tries += 1;
    this.#work = this.#work.then(() => this.#connect()).catch((error: unknown) => this.#failed(error));
  }

  async #connect(): Promise<void> {
    const opcua = await loadOpcua();
    if (this.#closed) return;
    this.#opcua = opcua;
    const url = this.#servers.next();
    const { client, server, application } = await newAttempt(opcua, this.options, url);
    if (this.#closed) return;
    this.#client = client;
    let session: ClientSession | undefined;
    let resumed = false;
    try {
      await connectInTime(client, url, this.options);
      keepDataChangesRaw(opcua, client);
      session = await this.#takeUp(client, url);
      resumed = session !== undefined;
      session ??= await client.createSession(await identityOf(opcua, this.options.user));
      if (this.#closed) throw new FplusError("opcua.session", "closed while connecting");
      if (!resumed) this.#limits = await readLimits(session);
    } catch (error) {
      this.#client = undefined;
      await dispose(client, session);
      throw server.refusal ?? error;
    }
    client.on("connection_lost", () => this.#lost("connection lost", true));
    client.on("close", () => this.#lost("connection closed", true));
    if (resumed) this.#resumptions += 1;
    else this.#began(opcua, session);
    this.#session = session;
    this.#attempts = 0;
    this.#troubleSince = 0;
    this.#reported = "";
    this.#enter("up", "");
    this.#watch.connected(session, application.certificate, server);
    for (const user of this.#users) await this.#tell(user, session);
    if (this.#session === session) this.#publishing?.resume();
  }

  /** Activates the parked session on a new connection; undefined where there is none, or not on that server any more. */
  async #takeUp(client: OPCUAClient, url: string): Promise<ClientSession | undefined> {
    const parked = this.#parked;
    if (parked === undefined || parked.url !== url) return undefined;
    try {
      await client.reactivateSession(parked.session);
    } catch (error) {
      if (faultOf(error) === undefined && CONNECTION_FAULT.test(messageOf(error))) throw error;
      this.#parked = undefined;
      return undefined;
    }
    this.#parked = undefined;
    return parked.session;
  }

  #began(opcua: Opcua, session: ClientSession): void {
    this.#parked = undefined;
    this.#sessions += 1;
    const isMine = (): boolean => this.#session === session;
    session.on("session_closed", () => isMine() && this.#lost("session closed by the server", false));
    this.#publishing = new PublishLoop(opcua, session, {
      onSessionGone: (reason) => isMine() && this.#lost(reason, false),
      onError: (error) => this.options.onError?.(error),
    });
  }

  async #tell(user: SessionUser, session: ClientSession): Promise<void> {
    if (this.#session !== session || this.#opcua === undefined || !this.#users.has(user)) return;
    try {
      await user.connected(session, this.#limits, this.#opcua);
      this.#restartedUsers.delete(user);
    } catch (error) {
      this.options.onError?.(error);
      // One that fails again on a fresh session has a problem of its own; the others keep theirs.
      if (!this.#restartedUsers.has(user)) {
        this.#restartedUsers.add(user);
        this.#lost(messageOf(error), false);
      }
    }
  }

  /** @param keep whether the session may be taken up again */
  #lost(reason: string, keep: boolean): void {
    const client = this.#client;
    const session = this.#session;
    if (this.#closed || session === undefined || client === undefined) return;
    this.#session = undefined;
    this.#client = undefined;
    this.#watch.disconnected();
    this.#reconnects += 1;
    this.#enter("down", reason);
    this.#publishing?.pause();
    for (const user of this.#users) user.disconnected();
    if (keep) {
      this.#parked = { session, url: this.url };
      detachSession(client, session);
      dispose(client, undefined).catch(() => undefined);
    } else {
      this.#publishing = undefined;
      this.#work = this.#work.then(() => dispose(client, session));
    }
    this.#again();
  }

  #failed(error: unknown): void {
    const reason = reasonOf(error);
    this.#troubleSince ||= Date.now();
    // The same failure again and again is one failure.
    if (reason !== this.#reported && (error instanceof FplusError || this.#hasPersisted())) {
      this.#reported = reason;
      this.options.onError?.(connectionError(this.url, error));
    }
    this.#enter("down", reason);
    this.#again(this.#servers.failed());
  }

  #hasPersisted(): boolean {
    return Date.now() - this.#troubleSince >= (this.options.patienceMs ?? PATIENCE_MS);
  }

  /** @param soon there is another address that was not tried yet */
  #again(soon = false): void {
    if (this.#closed || this.#retry !== undefined) return;
    const isParked = this.#parked !== undefined && this.stateAge < PARKED_MS;
    const longest = isParked ? LONGEST_PARKED_RETRY_MS : LONGEST_RETRY_MS;
    const ceiling = soon ? SOON_MS : Math.min(longest, FIRST_RETRY_MS * 2 ** this.#attempts);
    if (!soon) this.#attempts += 1;
    this.#retry = setTimeout(() => this.#attempt(), ceiling * (0.5 + Math.random() / 2));
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
