import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { FplusError, messageOf } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { checkBucket } from "../names.ts";
import type { ObjectStore } from "../store.ts";
import { type AccessKey, type Holder, type Holders, holdersOf } from "./access.ts";
import { Body } from "./body.ts";
import { reply } from "./call.ts";
import { answerOf, s3Fault } from "./faults.ts";
import { type Route, routeOf } from "./routes.ts";
import { verified } from "./signature.ts";
import { type Target, targetOf } from "./target.ts";
import { element, errorDocument, XmlReader } from "./xml.ts";

/** A request line and headers must have come by then. */
const HEADERS_MS = 20_000;
/** A connection on which nothing moves ends. */
const IDLE_MS = 120_000;
const MOST_CONNECTIONS = 512;
/** A server that stops lets requests come to their end for so long. */
const FINISH_MS = 3_000;
const PATIENCE_MS = 30_000;

/** Where programs find the store, and who may enter. */
export interface ObjectServerOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  readonly keys: readonly AccessKey[];
  /** Name for the health page; default `s3-endpoint`. */
  readonly name?: string;
  /** Milliseconds in which 4 KiB of a body must have come, or the connection ends; default 30,000. */
  readonly patienceMs?: number;
  /** Hears of errors that are the store's and not the client's, once each time they begin. */
  readonly onError?: (error: unknown) => void;
}

/**
 * An S3 endpoint in front of the embedded store: any S3 client reads and writes the plant's objects with an access key, whose policy says which
 * buckets it sees. Requests are signed (AWS Signature Version 4); nothing is answered without. Buckets stand in the path.
 */
export class ObjectServer {
  readonly #store: ObjectStore;
  readonly #host: string;
  readonly #port: number;
  readonly #name: string;
  readonly #patienceMs: number;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #counters = { requests: 0, refused: 0, errors: 0, bytesIn: 0, bytesOut: 0 };
  #holders: Holders;
  #server: Server | undefined;
  #xml: XmlReader | undefined;
  #fault = "";
  #uploads = 0;
  #running = 0;

  /** @throws FplusError `config.invalid`, `config.missing` for keys that cannot be used */
  constructor(
    store: ObjectStore,
    { host = "127.0.0.1", port, keys, name = "s3-endpoint", patienceMs = PATIENCE_MS, onError }: ObjectServerOptions,
  ) {
    this.#store = store;
    this.#host = host;
    this.#port = port;
    this.#name = name;
    this.#onError = onError;
    this.#patienceMs = patienceMs;
    this.#holders = holdersOf(keys);
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#server?.listening === true;
  }

  /**
   * Opens the store, makes the buckets that keys name, and listens.
   * @throws FplusError `config.invalid` naming the port where it is taken; errors of the store
   */
  async open(): Promise<void> {
    try {
      this.#xml = await XmlReader.load();
      await this.#makeBuckets();
      await this.#listen();
      this.#fault = "";
    } catch (error) {
      this.#fault = messageOf(error);
      throw error;
    }
  }

  /**
   * From now on these keys open it, and no others; requests under way go on.
   * @throws FplusError `config.invalid`, `config.missing`
   */
  async use(keys: readonly AccessKey[]): Promise<void> {
    this.#holders = holdersOf(keys);
    if (this.listening) await this.#makeBuckets();
  }

  /** Stops listening; requests under way have a moment to end. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server?.listening !== true) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), FINISH_MS);
    await closed;
    clearTimeout(timer);
  }

  health(): PartHealth {
    return {
      kind: "s3-endpoint",
      name: this.#name,
      mode: "embedded",
      status: this.#fault !== "" ? "down" : this.listening ? "up" : "off",
      detail: this.#fault || `http://${this.#host}:${this.#port}`,
      counters: { ...this.#counters },
      gauges: { keys: this.#holders.size, running: this.#running, uploads: this.#uploads },
    };
  }

  async #makeBuckets(): Promise<void> {
    const named = new Set([...this.#holders.values()].flatMap((holder) => holder.named));
    await this.#store.embedded(async (engine) => {
      for (const bucket of named) await engine.ensureBucket(bucket);
    });
  }

  async #listen(): Promise<void> {
    const server = createServer(
      { headersTimeout: HEADERS_MS, requestTimeout: 0, keepAliveTimeout: 65_000 },
      (request, response) => void this.#answer(request, response),
    );
    // Answered once it is known that the request is allowed.
    server.on(
      "checkContinue",
      (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response),
    );
    server.timeout = IDLE_MS;
    server.maxConnections = MOST_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause: NodeJS.ErrnoException) => {
        const taken = cause.code === "EADDRINUSE";
        const message = taken
          ? `port ${this.#port} is taken`
          : `cannot listen on ${this.#host}:${this.#port}: ${cause.message}`;
        const hint = taken ? "Choose another, or stop the program that has it." : "Check the address.";
        reject(new FplusError("config.invalid", message, { field: "port", hint, cause }));
      });
      server.listen(this.#port, this.#host, resolve);
    });
    this.#server = server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#counters.requests += 1;
    this.#running += 1;
    const id = randomBytes(8).toString("hex").toUpperCase();
    response.setHeader("x-amz-request-id", id);
    response.on("error", () => undefined);
    const [before, sent] = [request.socket.bytesRead, request.socket.bytesWritten];
    try {
      await this.#serve(request, response);
    } catch (error) {
      this.#refuse(request, response, error, id);
    } finally {
      this.#running -= 1;
      this.#counters.bytesIn += request.socket.bytesRead - before;
      this.#counters.bytesOut += request.socket.bytesWritten - sent;
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "";
    const target = targetOf(request.url ?? "");
    const signed = verified(method, target, request.headers, this.#holders, Date.now());
    if (target.bucket !== "") checkBucket(target.bucket);
    const route = routeOf(method, target, request.headers["x-amz-copy-source"] !== undefined);
    if (!mayRun(signed.holder, route, target)) throw s3Fault("AccessDenied", "Access Denied.");
    const xml = this.#xml!;
    let body: Body | undefined;
    await this.#store.embedded(async (engine) => {
      const call = { ...target, engine, holder: signed.holder, request, response, xml };
      await route.run({ ...call, body: () => (body ??= new Body(request, response, signed, this.#patienceMs)) });
      this.#uploads = engine.uploads.count;
    });
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown, id: string): void {
    // Who went away is told nothing.
    if (request.socket.destroyed || response.writableEnded) return;
    const { code, status, message } = answerOf(error);
    if (code === "InternalError") {
      this.#counters.errors += 1;
      this.#onError?.(error);
    } else if (status !== 304 && status !== 404) this.#counters.refused += 1;
    if (response.headersSent) return void response.destroy();
    for (const name of ["content-length", "content-type", "content-encoding"]) response.removeHeader(name);
    if (status === 304 || request.method === "HEAD") return void response.writeHead(status).end();
    const resource = (request.url ?? "").split("?")[0] ?? "";
    const document = errorDocument(
      element("Code", code),
      element("Message", message),
      element("Resource", resource),
      element("RequestId", id),
    );
    reply({ response }, status, document);
  }
}

/** A list is allowed for the prefix that it asks for. */
function mayRun(holder: Holder, { right, scope }: Route, { bucket, key, query }: Target): boolean {
  if (scope === "service") return true;
  return holder.may({ right, scope, bucket, key: scope === "list" ? (query.get("prefix") ?? "") : key });
}
