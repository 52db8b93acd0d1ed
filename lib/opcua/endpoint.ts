import type { ClientSession, OPCUAClient, UserIdentityInfo } from "node-opcua";
import { FplusError, messageOf } from "../errors/index.ts";
import type { PartHealth } from "../health/index.ts";
import { loadOpcua, type Opcua } from "./load.ts";
import type { Tag } from "./tag.ts";

/** Address, security and identity of one OPC UA server. */
export interface EndpointOptions {
  readonly name: string;
  /** `opc.tcp://host:4840/path`. */
  readonly url: string;
  readonly securityMode?: "None" | "Sign" | "SignAndEncrypt";
  readonly securityPolicy?: "None" | "Basic256Sha256" | "Aes128_Sha256_RsaOaep" | "Aes256_Sha256_RsaPss";
  readonly username?: string;
  readonly password?: string;
  /** Folder for our certificate and the servers' ones. */
  readonly pkiFolder: string;
  readonly onError?: (error: unknown) => void;
}

/** Whether there is a session. */
export type EndpointState = "connecting" | "up" | "down";

/** Limits of a server, as it states them; the usual ones where it does not. */
export interface ServerLimits {
  readonly nodesPerRead: number;
  readonly nodesPerWrite: number;
  readonly nodesPerBrowse: number;
  readonly itemsPerCall: number;
}

/** Somebody who works on the endpoint's session: told when there is one, and when it is gone. */
export interface SessionUser {
  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void>;
  disconnected(): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** About the first two seconds of trying. */
const PATIENT_ATTEMPTS = 2;
const CLOSE_TIMEOUT_MS = 3_000;
const USUAL_BATCH = 500;

/**
 * One OPC UA session for all who read from a server. It connects for ever; whatever breaks (connection, session,
 * subscription), everything is torn down and made anew, because a half-repaired session looks healthy and delivers nothing.
 */
export class Endpoint {
  readonly options: EndpointOptions;
  readonly #users = new Set<SessionUser>();
  #client: OPCUAClient | undefined;
  #session: ClientSession | undefined;
  #limits: ServerLimits = {
    nodesPerRead: USUAL_BATCH,
    nodesPerWrite: USUAL_BATCH,
    nodesPerBrowse: USUAL_BATCH,
    itemsPerCall: USUAL_BATCH,
  };
  readonly #nodeIds = new Map<string, string>();
  #opcua: Opcua | undefined;
  #state: EndpointState = "connecting";
  #reason = "";
  #reported = "";
  #since = Date.now();
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #started = false;
  #reconnects = 0;
  #sessions = 0;
  readonly #restartedUsers = new WeakSet<SessionUser>();
  changes = 0;
  items = 0;

  constructor(options: EndpointOptions) {
    if (!/^opc\.tcp:\/\/[^/:]+(:\d+)?(\/.*)?$/.test(options.url)) {
      throw new FplusError("config.invalid", `not an OPC UA address: ${options.url || "empty"}`, {
        field: "url",
        hint: "Write it like opc.tcp://192.168.0.10:4840.",
      });
    }
    this.options = options;
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
    for (const { device, metric, nodeId } of tags) this.#nodeIds.set(`${device}/${metric}`, nodeId);
  }

  /** The NodeId of a variable that a reader of this endpoint knows as `device/metric`. */
  nodeIdOf(name: string): string | undefined {
    return this.#nodeIds.get(name);
  }

  /** Gives the session up and makes a new one, because something on it no longer works. */
  restart(reason: string): void {
    if (this.#closed || this.#session === undefined) return;
    this.#lost(reason);
  }

  health(): PartHealth {
    return {
      kind: "opcua-endpoint",
      name: this.options.name,
      status: this.#state === "up" ? "up" : "down",
      mode: "external",
      detail: this.#state === "up" ? this.options.url : this.#reason || "connecting",
      counters: { changes: this.changes, reconnects: this.#reconnects, sessions: this.#sessions },
      gauges: { items: this.items, session: this.#session === undefined ? 0 : 1 },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const user of this.#users) user.disconnected();
    const client = this.#client;
    const session = this.#session;
    this.#session = undefined;
    this.#client = undefined;
    await this.#work.catch(() => undefined);
    await dispose(client, session);
  }

  #attempt(): void {
    this.#retry = undefined;
    if (this.#closed) return;
    this.#work = this.#work.then(() => this.#connect()).catch((error: unknown) => this.#failed(error));
  }

  async #connect(): Promise<void> {
    const opcua = await loadOpcua();
    if (this.#closed) return;
    this.#opcua = opcua;
    const client = this.#newClient(opcua);
    this.#client = client;
    let session: ClientSession | undefined;
    try {
      await client.connect(this.options.url);
      session = await client.createSession(this.#identity(opcua));
      if (this.#closed) throw new FplusError("opcua.session", "closed while connecting");
      this.#limits = await readLimits(session);
    } catch (error) {
      this.#client = undefined;
      await dispose(client, session);
      throw error;
    }
    client.on("connection_lost", () => this.#lost("connection lost"));
    client.on("close", () => this.#lost("connection closed"));
    session.on("session_closed", () => this.#lost("session closed by the server"));
    this.#session = session;
    this.#sessions += 1;
    this.#attempts = 0;
    this.#reported = "";
    this.#enter("up", "");
    for (const user of this.#users) await this.#tell(user, session);
  }

  #newClient(opcua: Opcua): OPCUAClient {
    const { securityMode = "None", securityPolicy = "None", pkiFolder } = this.options;
    return opcua.OPCUAClient.create({
      applicationName: "Factory+ for Node-RED",
      clientName: this.options.name,
      endpointMustExist: false,
      securityMode: opcua.MessageSecurityMode[securityMode],
      securityPolicy: opcua.SecurityPolicy[securityPolicy],
      clientCertificateManager: certificates(opcua, pkiFolder),
      // Reconnecting is this class's work; the client's own would repair the session behind its back.
      connectionStrategy: { maxRetry: 0, initialDelay: 500, maxDelay: 1000 },
      keepSessionAlive: true,
      requestedSessionTimeout: 60_000,
      transportTimeout: 10_000,
      // node-opcua allocates the whole send buffer for every request: small ones cut its cost to a third.
      transportSettings: {
        sendBufferSize: 16_384,
        receiveBufferSize: 65_536,
        maxMessageSize: 16 * 1024 * 1024,
        maxChunkCount: 1024,
      },
    });
  }

  #identity(opcua: Opcua): UserIdentityInfo {
    const { username, password } = this.options;
    if (!username) return { type: opcua.UserTokenType.Anonymous };
    return { type: opcua.UserTokenType.UserName, userName: username, password: password ?? "" };
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
        this.#lost(messageOf(error));
      }
    }
  }

  #lost(reason: string): void {
    const client = this.#client;
    const session = this.#session;
    if (this.#closed || session === undefined) return;
    this.#session = undefined;
    this.#client = undefined;
    this.#reconnects += 1;
    this.#enter("down", reason);
    for (const user of this.#users) user.disconnected();
    this.#work = this.#work.then(() => dispose(client, session));
    this.#again();
  }

  #failed(error: unknown): void {
    const reason = reasonOf(error);
    // The same failure again and again is one failure, and a server that is just starting up is none.
    if (reason !== this.#reported && this.#attempts >= PATIENT_ATTEMPTS) {
      this.#reported = reason;
      this.options.onError?.(
        new FplusError("opcua.unreachable", reason, { field: this.options.url, hint: hintFor(reason), cause: error }),
      );
    }
    this.#enter("down", reason);
    this.#again();
  }

  #again(): void {
    if (this.#closed || this.#retry !== undefined) return;
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#retry = setTimeout(() => this.#attempt(), ceiling * (0.5 + Math.random() / 2));
  }

  #enter(state: EndpointState, reason: string): void {
    if (state !== this.#state) this.#since = Date.now();
    this.#state = state;
    this.#reason = reason;
  }
}

const managers = new Map<string, InstanceType<Opcua["OPCUACertificateManager"]>>();

/** One certificate manager a folder: making our certificate takes a while, and two at once would race for it. */
function certificates(opcua: Opcua, folder: string): InstanceType<Opcua["OPCUACertificateManager"]> {
  let manager = managers.get(folder);
  if (manager === undefined) {
    manager = new opcua.OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true });
    managers.set(folder, manager);
  }
  return manager;
}

async function readLimits(session: ClientSession): Promise<ServerLimits> {
  // Server_ServerCapabilities_OperationLimits: MaxNodesPerRead, MaxNodesPerWrite, MaxNodesPerBrowse, MaxMonitoredItemsPerCall.
  const values = await session.read(
    ["i=11705", "i=11707", "i=11710", "i=11714"].map((nodeId) => ({ nodeId, attributeId: 13 })),
  );
  const [nodesPerRead, nodesPerWrite, nodesPerBrowse, itemsPerCall] = values.map((value) =>
    Math.min(1000, Number(value.value?.value) || USUAL_BATCH),
  );
  return {
    nodesPerRead: nodesPerRead!,
    nodesPerWrite: nodesPerWrite!,
    nodesPerBrowse: nodesPerBrowse!,
    itemsPerCall: itemsPerCall!,
  };
}

/** Closes session and connection; a peer that is gone must not hold this up. */
async function dispose(client: OPCUAClient | undefined, session: ClientSession | undefined): Promise<void> {
  if (client === undefined) return;
  client.removeAllListeners("connection_lost");
  client.removeAllListeners("close");
  session?.removeAllListeners("session_closed");
  const orderly = async (): Promise<void> => {
    await session?.close(true).catch(() => undefined);
    await client.disconnect().catch(() => undefined);
  };
  await Promise.race([orderly(), new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())]);
}

function reasonOf(error: unknown): string {
  const text = messageOf(error).split("\n")[0] ?? "";
  if (/ECONNREFUSED/.test(text)) return "connection refused";
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) return "host name not found";
  if (/ETIMEDOUT|timeout/i.test(text)) return "no answer";
  return text;
}

function hintFor(reason: string): string {
  if (reason === "host name not found") return "Check the spelling of the address.";
  if (/BadTooManySessions/.test(reason)) return "The server has no session left; close other clients.";
  if (/BadIdentityTokenRejected|BadUserAccessDenied/.test(reason)) return "Check user name and password.";
  if (/security|certificate/i.test(reason)) return "Choose a security policy and mode that the server offers.";
  return "Check address, port and whether the server runs; it is tried again by itself.";
}
