import type * as Client from "@influxdata/influxdb-client";
import type { FluxTableMetaData, InfluxDB } from "@influxdata/influxdb-client";
import { connectionHint, FplusError, messageOf, shortAnswer } from "../../errors/index.ts";
import type { InfluxOptions } from "../options.ts";
import { type ApiRequest, ensureBucket, findOrganisation, type WantedBucket } from "./bucket.ts";
import { WriteConnection } from "./connection.ts";
import { type AnsweredStatement, nanoseconds, quotedName, seriesIn } from "./influxql.ts";

type ClientLibrary = typeof Client;

/** A refused request: what the server said about the data, not about the way to it. */
export interface Refusal {
  readonly message: string;
  /** 413: fewer lines at once would do. */
  readonly tooLarge: boolean;
}

const STATEMENTS_PER_REQUEST = 50;
const TIMEOUT_MS = 10_000;
/** A long answer may take so many times the time-out of a silent connection. */
const DRIPS = 30;

/**
 * One InfluxDB server: questions go over the official client (1.x by other paths on its transport), lines over connections of our own.
 * Every error leaves as `historian.unreachable` (try again later) unless it is about the data or the question.
 */
export class InfluxServer {
  readonly #options: InfluxOptions;
  #connecting: Promise<void> | undefined;
  #library: ClientLibrary | undefined;
  #client: InfluxDB | undefined;
  readonly #connection: WriteConnection;
  readonly #headers: Readonly<Record<string, string>>;
  #version: "1" | "2" = "2";
  #release = "";
  /** Id of the organisation of 2.x where the options name none. */
  #foundOrg = "";
  #bucketFault = "";
  #isBucketKept = false;

  constructor(options: InfluxOptions) {
    this.#options = options;
    const { url, token = "", version = "auto", timeoutMs = TIMEOUT_MS } = options;
    const basic = version !== "2" && token.includes(":");
    const authorization = basic ? `Basic ${Buffer.from(token).toString("base64")}` : `Token ${token}`;
    this.#headers = token === "" ? {} : { authorization };
    this.#connection = new WriteConnection(url, this.#headers, timeoutMs);
  }

  get version(): "1" | "2" {
    return this.#version;
  }

  /** Its address to show: without what stands before an @, which may be a password. */
  get address(): string {
    return this.#options.url.replace(/^(https?:\/\/)[^/]*@/, "$1");
  }

  /** What the server calls itself, for the health page. */
  get release(): string {
    return this.#release;
  }

  /** Why a bucket of 2.x could not be made or given its retention; empty when it is as wanted. */
  get bucketFault(): string {
    return this.#bucketFault;
  }

  /** Whether the bucket of 2.x is known to have the days that samples are kept as its retention. */
  get isBucketKept(): boolean {
    return this.#isBucketKept;
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
    const { url, timeoutMs = TIMEOUT_MS, version = "auto" } = this.#options;
    this.#library ??= await import("@influxdata/influxdb-client");
    const { InfluxDB } = this.#library;
    this.#client = new InfluxDB({ url, timeout: timeoutMs, headers: this.#headers });
    await this.#client.transport.request("/ping", "", { method: "GET", signal: this.#patience() }, (headers) => {
      this.#release = String(headers["x-influxdb-version"] ?? "");
    });
    // A 1.x that was built from its sources calls itself unknown; a 2.x then says dev.
    this.#version = version === "auto" ? (/^(v?1\.|unknown$)/.test(this.#release) ? "1" : "2") : version;
    if (this.#version === "1") await this.#createDatabase();
    else await this.#connect2();
  }

  async #connect2(): Promise<void> {
    const { org = "", bucket } = this.#options;
    const isRefusal = (error: unknown): boolean => this.#status(error) !== undefined;
    if (org === "") this.#foundOrg = await findOrganisation(this.#request, bucket, isRefusal);
    await this.#ensureOwnBucket();
  }

  /** Name or id of the organisation of 2.x; empty where it is not known. */
  get #org(): string {
    return this.#options.org || this.#foundOrg;
  }

  readonly #request: ApiRequest = async (path, method, body): Promise<unknown> =>
    await this.#opened().transport.request(path, body ?? "", {
      method,
      headers: { "content-type": "application/json" },
      signal: this.#patience(),
    });

  /** Lines may be written by a token that may not do this; what is then missing is said on the health page. */
  async #ensureOwnBucket(): Promise<void> {
    const { bucket: name, retentionDays = 0, bucketRetention: mayChange = false } = this.#options;
    this.#bucketFault = await this.ensureBucket({ name, retentionDays, mayChange }).catch(messageOf);
    this.#isBucketKept = this.#org !== "" && this.#bucketFault === "";
  }

  /**
   * Makes a bucket of 2.x, or gives it its retention, where the organisation is known.
   * @returns what was left as it is, or empty
   * @throws what the server says
   */
  async ensureBucket(wanted: Omit<WantedBucket, "org">): Promise<string> {
    const org = this.#org;
    if (org === "") return "";
    return await ensureBucket(this.#request, { ...wanted, org }, (error) => this.#status(error) === 404);
  }

  /** A 1.x server starts without databases; where the user may not make one, the first write says so. */
  async #createDatabase(): Promise<void> {
    const name = this.database.db.replaceAll(/["\\]/g, String.raw`\$&`);
    await this.influxQl(`CREATE DATABASE "${name}"`, "POST").catch(() => undefined);
  }

  /**
   * Sends lines in one request.
   * @param bucket of 2.x, where it is not the store's own
   * @returns undefined when all were taken, or what the server holds against some of them
   * @throws FplusError `historian.unreachable`
   */
  async write(lines: Uint8Array, bucket = this.#options.bucket): Promise<Refusal | undefined> {
    const org = this.#org;
    const { db, rp } = this.database;
    const path =
      this.#version === "1"
        ? `/write?${new URLSearchParams({ db, precision: "ns", ...(rp === undefined ? {} : { rp }) }).toString()}`
        : `/api/v2/write?${new URLSearchParams({ org, bucket, precision: "ns" }).toString()}`;
    let answer;
    try {
      answer = await this.#connection.post(path, lines);
    } catch (error) {
      throw this.#fault(error);
    }
    const { status, body, retryAfterMs, location } = answer;
    // The only answer by which an InfluxDB says that it has the data: a page of a gateway that wants a login is 200.
    if (status === 204) return undefined;
    if (status === 413 || ((status === 400 || status === 422) && isOfInflux(body) && !isOfOrganisation(body))) {
      return { message: body, tooLarge: status === 413 };
    }
    throw this.#statusFault(status, location ?? (sentenceOf(body) || `status ${status}`), undefined, retryAfterMs);
  }

  /**
   * Deletes what lies at from ≤ time < to, in milliseconds.
   * @param isSpared measurements that stay, of those in the same database of 1.x
   * @throws FplusError `historian.unreachable`, `historian.query`
   */
  async remove(from: number, to: number, isSpared: (measurement: string) => boolean): Promise<void> {
    try {
      if (this.#version === "2" && (await this.#remove2(from, to))) return;
      const where = `time >= ${nanoseconds(from)} AND time < ${nanoseconds(to)}`;
      const names = seriesIn(await this.influxQl("SHOW MEASUREMENTS"))
        .flatMap(({ values }) => values.map(([name]) => String(name)))
        .filter((name) => !isSpared(name));
      const answers = await this.influxQlMany(names.map((name) => `DELETE FROM ${quotedName(name)} WHERE ${where}`));
      answers.forEach(seriesIn);
    } catch (error) {
      throw this.#fault(error);
    }
  }

  /** By the API of 2.x; false where the server has no such route: a 1.8 knows only a part of it. */
  async #remove2(from: number, to: number): Promise<boolean> {
    const { bucket } = this.#options;
    const org = this.#org;
    // The server's stop is inclusive.
    const range = { start: new Date(from).toISOString(), stop: new Date(to - 1).toISOString().replace("Z", "999999Z") };
    const path = `/api/v2/delete?${new URLSearchParams({ org, bucket }).toString()}`;
    const headers = { "content-type": "application/json" };
    try {
      await this.#opened().transport.request(path, JSON.stringify({ ...range, predicate: "" }), {
        method: "POST",
        headers,
      });
      return true;
    } catch (error) {
      // Of an organisation or bucket that is not there the API itself says 404.
      if (this.#status(error) === 404 && codeOf(error) !== "not found") return false;
      throw error;
    }
  }

  /** Runs one InfluxQL statement; times come back in nanoseconds. */
  async influxQl(statement: string, method: "GET" | "POST" = "GET"): Promise<AnsweredStatement | undefined> {
    const { results } = await this.rawInfluxQl(statement, method, "ns");
    return results[0];
  }

  /** Runs many statements, some dozens a request; the answers are in their order. */
  async influxQlMany(statements: readonly string[]): Promise<(AnsweredStatement | undefined)[]> {
    const answers: (AnsweredStatement | undefined)[] = [];
    for (let from = 0; from < statements.length; from += STATEMENTS_PER_REQUEST) {
      const some = statements.slice(from, from + STATEMENTS_PER_REQUEST);
      const { results } = await this.rawInfluxQl(some.join(";"), "POST", "ns");
      answers.push(...some.map((_, i) => results[i]));
    }
    return answers;
  }

  /** Hands text to the server's `/query`. @param epoch precision of times; empty for RFC 3339 */
  async rawInfluxQl(
    text: string,
    method: "GET" | "POST",
    epoch: "ns" | "",
  ): Promise<{ readonly results: readonly AnsweredStatement[] }> {
    const { db } = this.database;
    const where = new URLSearchParams({ db, ...(epoch === "" ? {} : { epoch }) });
    const question = new URLSearchParams({ q: text }).toString();
    const { transport } = this.#opened();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const signal = this.#patience();
    const answer: unknown =
      method === "GET"
        ? await transport.request(`/query?${where.toString()}&${question}`, "", { method, signal })
        : await transport.request(`/query?${where.toString()}`, question, { method, headers, signal });
    const { results = [], error } = (typeof answer === "string" ? JSON.parse(answer) : answer) as {
      results?: AnsweredStatement[];
      error?: string;
    };
    if (error !== undefined) throw new FplusError("historian.query", error);
    return { results };
  }

  /** Runs a Flux script on a 2.x server. */
  async flux<T>(script: string, row: (values: string[], table: FluxTableMetaData) => T | undefined): Promise<T[]> {
    return await this.#opened().getQueryApi(this.#org).collectRows(script, row);
  }

  /** A query's error as ours. */
  queryFault(error: unknown): FplusError {
    const status = this.#status(error);
    if (status === 400 || status === 404 || status === 422) {
      const text = shortAnswer(messageOf(error));
      return new FplusError("historian.query", text, { ...this.#placeIn(text), cause: error });
    }
    return this.#fault(error);
  }

  /** Forgets what the server said of itself: it may come back as another. */
  forget(): void {
    this.#connecting = undefined;
  }

  /** The client ends a silent connection; this ends one over which an answer drips for ever. */
  #patience(): AbortSignal {
    return AbortSignal.timeout(DRIPS * (this.#options.timeoutMs ?? TIMEOUT_MS));
  }

  #opened(): InfluxDB {
    if (this.#client === undefined) throw new FplusError("historian.unreachable", "not connected to InfluxDB");
    return this.#client;
  }

  #status(error: unknown): number | undefined {
    const HttpError = this.#library?.HttpError;
    return HttpError !== undefined && error instanceof HttpError ? error.statusCode : undefined;
  }

  #fault(error: unknown): FplusError {
    if (error instanceof FplusError) return error;
    // What should be JSON is none: a page of some gateway.
    if (error instanceof SyntaxError) return this.#statusFault(200, "no JSON", error);
    const text = messageOf(error) || (error as { code?: string }).code || "no answer";
    return this.#statusFault(this.#status(error), text, error);
  }

  #statusFault(status: number | undefined, answer: string, cause?: unknown, retryAfterMs?: number): FplusError {
    const text = shortAnswer(answer);
    const { bucket } = this.#options;
    const url = this.address;
    if (status === 401 || status === 403) {
      const hint = "Check the token and its rights on the bucket.";
      return new FplusError("historian.unreachable", `${url} refused: ${text}`, { field: "token", hint, cause });
    }
    const place = this.#placeIn(text);
    if (place !== undefined) return new FplusError("historian.unreachable", `${url}: ${text}`, { ...place, cause });
    if (status === 404) {
      const more = { field: "bucket", hint: this.#bucketHint(), cause };
      return new FplusError("historian.unreachable", `${url} has no ${bucket}: ${text}`, more);
    }
    const isElsewhere = status !== undefined && status < 400;
    const said = isElsewhere ? `${url} answers as no InfluxDB does: ${text}` : `${url}: ${text}`;
    return new FplusError("historian.unreachable", said, {
      field: "url",
      hint: isElsewhere
        ? "Check that the address is that of InfluxDB, and that no gateway before it wants a login."
        : status === undefined
          ? connectionHint(cause)
          : "The server, or a gateway before it, cannot take it now; it is tried again.",
      cause,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  /** The field of the settings that a server's sentence is about: the organisation, or the bucket by its name. */
  #placeIn(text: string): { readonly field: string; readonly hint: string } | undefined {
    if (isOfOrganisation(text)) return { field: "org", hint: "Write its name as the server has it." };
    const isBucket = text.includes(`bucket ${JSON.stringify(this.#options.bucket)}`);
    return isBucket ? { field: "bucket", hint: this.#bucketHint() } : undefined;
  }

  #bucketHint(): string {
    const hint = "Make it on the server, correct its name, or give the token the right to it.";
    return this.#bucketFault === "" ? hint : `It could not be made (${this.#bucketFault}). ${hint}`;
  }

  /** Closes the connections that stay open between writes. */
  close(): void {
    this.#connection.close();
  }
}

/** Whether a refusal comes from InfluxDB itself, and not from a gateway that does not know the data. */
function isOfInflux(body: string): boolean {
  return body.trimStart().startsWith("{") || body.includes("partial write");
}

/** An organisation of 2.x that is not there, or that nobody named: said with 404 or 400, and nothing about the data. */
function isOfOrganisation(text: string): boolean {
  return /organization name .* not found|provide either orgID or org/s.test(text);
}

/** What kind of error the API of 2.x calls it; undefined for an answer that is not the API's. */
function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** The sentence of an error's body: `error` of 1.x, `message` of 2.x, or the body as it is. */
export function sentenceOf(body: string): string {
  try {
    const { error, message } = JSON.parse(body) as { error?: unknown; message?: unknown };
    if (typeof message === "string") return message;
    if (typeof error === "string") return error;
  } catch {
    // No JSON: a proxy, perhaps.
  }
  return body.trim();
}
