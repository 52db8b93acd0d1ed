import type * as Client from "@influxdata/influxdb-client";
import type { FluxTableMetaData, InfluxDB } from "@influxdata/influxdb-client";
import { FplusError, messageOf } from "../../errors/index.ts";
import type { InfluxOptions } from "../options.ts";

type ClientLibrary = typeof Client;

/** A refused request: what the server said about the data, not about the way to it. */
export interface Refusal {
  readonly message: string;
  /** 413: fewer lines at once would do. */
  readonly tooLarge: boolean;
}

const TIMEOUT_MS = 10_000;
const GZIP_BYTES = 1000;

/**
 * One InfluxDB server over the official client: 2.x as the client knows it, 1.x by other paths on the same transport.
 * Every error leaves as `historian.unreachable` (try again later) unless it is about the data or the question.
 */
export class InfluxServer {
  readonly #options: InfluxOptions;
  #connecting: Promise<void> | undefined;
  #library: ClientLibrary | undefined;
  #client: InfluxDB | undefined;
  #version: "1" | "2" = "2";
  #release = "";

  constructor(options: InfluxOptions) {
    this.#options = options;
  }

  get version(): "1" | "2" {
    return this.#version;
  }

  /** What the server calls itself, for the health page. */
  get release(): string {
    return this.#release;
  }

  /** Database and retention policy of a 1.x bucket name. */
  get database(): { db: string; rp: string | undefined } {
    const [db = "", rp] = this.#options.bucket.split("/");
    return { db, rp };
  }

  /** Loads the client and asks the server who it is; repeated after a failure. */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw this.#fault(error);
    });
    return this.#connecting;
  }

  async #connect(): Promise<void> {
    const { url, token, timeoutMs = TIMEOUT_MS, version = "auto" } = this.#options;
    this.#library ??= await import("@influxdata/influxdb-client");
    const { InfluxDB } = this.#library;
    let basic: Record<string, string> = {};
    if (version !== "2" && token?.includes(":") === true) {
      basic = { authorization: `Basic ${Buffer.from(token).toString("base64")}` };
    }
    const useToken = token !== undefined && token !== "" && basic["authorization"] === undefined;
    this.#client = new InfluxDB({ url, timeout: timeoutMs, headers: basic, ...(useToken ? { token } : {}) });
    await this.#client.transport.request("/ping", "", { method: "GET" }, (headers) => {
      this.#release = String(headers["x-influxdb-version"] ?? "");
    });
    this.#version = version === "auto" ? (/^v?1\./.test(this.#release) ? "1" : "2") : version;
    if (this.#version === "1") await this.#createDatabase();
  }

  /** A 1.x server starts without databases; where the user may not make one, the first write says so. */
  async #createDatabase(): Promise<void> {
    const name = this.database.db.replaceAll(/["\\]/g, String.raw`\$&`);
    await this.influxQl(`CREATE DATABASE "${name}"`, "POST").catch(() => undefined);
  }

  /**
   * Sends lines in one request.
   * @returns undefined when all were taken, or what the server holds against some of them
   * @throws FplusError `historian.unreachable`
   */
  async write(lines: string[]): Promise<Refusal | undefined> {
    const { url, org = "", bucket } = this.#options;
    const local = /^https?:\/\/(127\.|localhost|\[::1])/.test(url);
    const api = this.#opened().getWriteApi(org, bucket, "ns", {
      // The client sends by itself when its buffer is full, and then hides the error: it never gets full.
      batchSize: lines.length + 1,
      maxBatchBytes: Number.MAX_SAFE_INTEGER,
      flushInterval: 0,
      maxRetries: 0,
      gzipThreshold: local ? Number.MAX_SAFE_INTEGER : GZIP_BYTES,
      writeFailed: rethrow,
    });
    if (this.#version === "1") {
      const { db, rp } = this.database;
      api.path = `/write?${new URLSearchParams({ db, precision: "ns", ...(rp === undefined ? {} : { rp }) }).toString()}`;
    }
    try {
      api.writeRecords(lines);
      await api.flush();
      return undefined;
    } catch (error) {
      const refusal = this.#refusal(error);
      if (refusal === undefined) throw this.#fault(error);
      return refusal;
    } finally {
      api.dispose();
    }
  }

  /** Runs an InfluxQL statement on a 1.x server; times come back in nanoseconds. */
  async influxQl(statement: string, method: "GET" | "POST" = "GET"): Promise<unknown> {
    const { db } = this.database;
    const path = `/query?${new URLSearchParams({ db, epoch: "ns", q: statement }).toString()}`;
    return await this.#opened().transport.request(path, "", { method });
  }

  /** Runs a Flux script on a 2.x server. */
  async flux<T>(script: string, row: (values: string[], table: FluxTableMetaData) => T | undefined): Promise<T[]> {
    return await this.#opened()
      .getQueryApi(this.#options.org ?? "")
      .collectRows(script, row);
  }

  /** A query's error as ours. */
  queryFault(error: unknown): FplusError {
    const status = this.#status(error);
    if (status === 400 || status === 404 || status === 422) {
      return new FplusError("historian.query", messageOf(error), { cause: error });
    }
    return this.#fault(error);
  }

  /** Forgets what the server said of itself: it may come back as another. */
  forget(): void {
    this.#connecting = undefined;
  }

  #opened(): InfluxDB {
    if (this.#client === undefined) throw new FplusError("historian.unreachable", "not connected to InfluxDB");
    return this.#client;
  }

  #status(error: unknown): number | undefined {
    const HttpError = this.#library?.HttpError;
    return HttpError !== undefined && error instanceof HttpError ? error.statusCode : undefined;
  }

  #refusal(error: unknown): Refusal | undefined {
    const status = this.#status(error);
    if (status !== 400 && status !== 413 && status !== 422) return undefined;
    return { message: messageOf(error), tooLarge: status === 413 };
  }

  #fault(error: unknown): FplusError {
    if (error instanceof FplusError) return error;
    const status = this.#status(error);
    const { url, bucket } = this.#options;
    const text = messageOf(error) || (error as { code?: string }).code || "no answer";
    if (status === 401 || status === 403) {
      const hint = "Check the token and its rights on the bucket.";
      return new FplusError("historian.unreachable", `${url} refused: ${text}`, { field: "token", hint, cause: error });
    }
    if (status === 404) {
      const hint = "Make it on the server, or correct its name.";
      return new FplusError("historian.unreachable", `${url} has no ${bucket}: ${text}`, {
        field: "bucket",
        hint,
        cause: error,
      });
    }
    return new FplusError("historian.unreachable", `${url}: ${text}`, { field: "url", cause: error });
  }
}

/** Hands a failed write to the caller; without it the client would only log. */
async function rethrow(error: Error): Promise<void> {
  throw error;
}
