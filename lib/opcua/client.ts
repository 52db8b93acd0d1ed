import type { ClientSession, ICertificateStore, OPCUAClient, StatusCode } from "node-opcua";
import { type FplusError, toFplusError } from "../errors/index.ts";
import { type Application, openApplication } from "./application.ts";
import type { CertificateInfo } from "./certificate.ts";
import { connectionError } from "./diagnosis.ts";
import type { EndpointOptions } from "./endpoint-options.ts";
import type { Opcua } from "./load.ts";
import { hostAndPort } from "./server-address.ts";
import { type TrustMode, trustListOf } from "./trust-list.ts";

const SESSION_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** Silence after which the server is asked whether it lives; node-opcua asks after half of it already. */
const KEEP_ALIVE_MS = 10_000;
const MARGIN_MS = 2_000;
const CLOSE_TIMEOUT_MS = 3_000;

/** A client for one attempt to connect, and what its server's certificate came to. */
export interface Attempt {
  readonly client: OPCUAClient;
  readonly server: ServerCheck;
  /** Whom we show ourselves as. */
  readonly application: Application;
}

/**
 * A client with the security, the certificates and the times of an endpoint.
 * @throws FplusError `opcua.certificate` when our own certificate cannot be read or made
 */
export async function newAttempt(opcua: Opcua, options: EndpointOptions, url: string): Promise<Attempt> {
  const { securityMode = "None", securityPolicy = "None", pkiFolder } = options;
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, keepAliveMs = KEEP_ALIVE_MS } = options;
  const application = await openApplication(pkiFolder);
  const server = new ServerCheck(opcua, pkiFolder, hostAndPort(url), options.trust ?? "first-use");
  const client = opcua.OPCUAClient.create({
    applicationName: "Factory+ for Node-RED",
    applicationUri: application.applicationUri,
    clientName: options.name,
    endpointMustExist: false,
    securityMode: opcua.MessageSecurityMode[securityMode],
    securityPolicy: opcua.SecurityPolicy[securityPolicy],
    clientCertificateManager: server,
    certificateKeyPairProvider: application.keyPair,
    // Reconnecting is the endpoint's work; the client's own would repair the session behind its back.
    connectionStrategy: { maxRetry: 0, initialDelay: 500, maxDelay: 1000 },
    keepSessionAlive: true,
    requestedSessionTimeout: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    keepAliveInterval: keepAliveMs,
    // Of a silent socket, too, and half of it of one that is being opened.
    transportTimeout: Math.max(2 * connectTimeoutMs, 1.5 * keepAliveMs + MARGIN_MS),
    // node-opcua allocates the whole send buffer for every request: small ones cut its cost to a third.
    transportSettings: {
      sendBufferSize: 16_384,
      receiveBufferSize: 65_536,
      maxMessageSize: 16 * 1024 * 1024,
      maxChunkCount: 1024,
    },
  });
  return { client, server, application };
}

/**
 * Connects within the endpoint's time.
 * @throws FplusError `opcua.unreachable` when that is over; errors of node-opcua otherwise
 */
export async function connectInTime(client: OPCUAClient, url: string, options: EndpointOptions): Promise<void> {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(connectionError(url, new Error("ETIMEDOUT"))), connectTimeoutMs);
  });
  const connecting = client.connect(url);
  // Whoever gives up disposes of the client, which may still fail.
  connecting.catch(() => undefined);
  await Promise.race([connecting, over]).finally(() => clearTimeout(timer));
}

/** Closes session and connection; a peer that is gone must not hold this up. */
export async function dispose(client: OPCUAClient | undefined, session: ClientSession | undefined): Promise<void> {
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

/** The trust list in the form in which node-opcua asks, for one server; it keeps what the answer was. */
export class ServerCheck implements ICertificateStore {
  readonly #opcua: Opcua;
  readonly #pkiFolder: string;
  readonly #address: string;
  readonly #mode: TrustMode;
  referenceCounter = 0;
  /** Why the server's certificate was refused; node-opcua's own error has only a StatusCode. */
  refusal: FplusError | undefined;
  /** The server's certificate, where it passed. */
  certificate: CertificateInfo | undefined;
  /** Whether it was unknown until now. */
  firstUse = false;

  constructor(opcua: Opcua, pkiFolder: string, address: string, mode: TrustMode) {
    this.#opcua = opcua;
    this.#pkiFolder = pkiFolder;
    this.#address = address;
    this.#mode = mode;
  }

  async checkCertificate(shown: Buffer | Buffer[]): Promise<StatusCode> {
    const chain = Array.isArray(shown) ? Buffer.concat(shown) : shown;
    try {
      const { certificate, firstUse } = await trustListOf(this.#pkiFolder).judge(chain, this.#address, this.#mode);
      this.certificate = certificate;
      this.firstUse ||= firstUse;
      this.refusal = undefined;
      return this.#opcua.StatusCodes.Good;
    } catch (error) {
      this.refusal = toFplusError("opcua.certificate", error, { field: this.#address });
      return this.#opcua.StatusCodes.BadCertificateUntrusted;
    }
  }

  /** Asked of our own certificate only, which needs no trust. */
  async verifyCertificate(): Promise<string> {
    return "Good";
  }

  async getTrustStatus(certificate: Buffer): Promise<StatusCode> {
    return this.checkCertificate(certificate);
  }

  async initialize(): Promise<void> {}
  async dispose(): Promise<void> {}
  async trustCertificate(): Promise<void> {}
  async rejectCertificate(): Promise<void> {}
  async addIssuer(): Promise<void> {}
  async addRevocationList(): Promise<void> {}
}
