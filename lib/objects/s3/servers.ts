import type { Client } from "minio";
import http from "node:http";
import https from "node:https";
import { FplusError } from "../../errors/index.ts";
import type { S3Options } from "../options.ts";
import { isUnanswered, s3Fault } from "./faults.ts";

const TIMEOUT_MS = 30_000;
const REGION = "us-east-1";

interface Server {
  readonly url: string;
  readonly client: Client;
}

/** The servers of one S3 store: all hold the same, the one that answered last is asked first. */
export class S3Servers {
  readonly #options: S3Options;
  readonly #urls: readonly string[];
  #agents: http.Agent[] = [];
  #opening: Promise<Server[]> | undefined;
  #preferred = 0;

  /** @throws FplusError `config.invalid` naming the field */
  constructor(options: S3Options) {
    this.#options = options;
    this.#urls = options.url
      .split(",")
      .map((url) => url.trim())
      .filter((url) => url !== "");
    const wrong = this.#urls.find(
      (url) => !URL.canParse(url) || !/^https?:/.test(url) || new URL(url).pathname !== "/",
    );
    if (this.#urls.length === 0 || wrong !== undefined) {
      throw new FplusError("config.invalid", "not an address of an S3 server", {
        field: "url",
        hint: "Write it like http://127.0.0.1:9000, several with a comma between them.",
      });
    }
    for (const field of ["accessKey", "secretKey"] as const) {
      if (!options[field]) {
        const hint = "Enter both keys of the server.";
        throw new FplusError("config.missing", `the ${field} is not given`, { field, hint });
      }
    }
  }

  get url(): string {
    return this.#urls.join(", ");
  }

  /**
   * Runs a request on the servers in turn until one answers. What is run must be repeatable.
   * @throws FplusError
   */
  async run<T>(bucket: string, key: string, request: (client: Client) => Promise<T>): Promise<T> {
    const servers = await this.#open();
    for (let attempt = 0; ; attempt++) {
      const at = (this.#preferred + attempt) % servers.length;
      const { client, url } = servers[at]!;
      try {
        const result = await request(client);
        this.#preferred = at;
        return result;
      } catch (error) {
        if (attempt + 1 === servers.length || !isUnanswered(error)) throw s3Fault(error, url, bucket, key);
      }
    }
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
    this.#agents = [];
    this.#opening = undefined;
  }

  #open(): Promise<Server[]> {
    this.#opening ??= this.#connect().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #connect(): Promise<Server[]> {
    const { accessKey, secretKey, region = REGION, pathStyle = true, timeoutMs = TIMEOUT_MS } = this.#options;
    const library = await import("minio").catch((cause: unknown) => {
      const hint = "Install it beside Node-RED: npm install minio.";
      throw new FplusError("feature.off", "the package minio is not installed", { field: "engine", hint, cause });
    });
    return this.#urls.map((url) => {
      const { protocol, hostname, port } = new URL(url);
      const secure = protocol === "https:";
      const agent = secure
        ? new https.Agent({ keepAlive: true, maxSockets: 32 })
        : new http.Agent({ keepAlive: true, maxSockets: 32 });
      this.#agents.push(agent);
      const client = new library.Client({
        endPoint: hostname.replace(/^\[(.*)]$/, "$1"),
        port: Number(port) || (secure ? 443 : 80),
        useSSL: secure,
        accessKey,
        secretKey,
        region,
        pathStyle,
        transport: impatient(secure ? https : http, timeoutMs),
        transportAgent: agent,
        // The client says its repetitions on the console.
        retryOptions: { disableRetry: true },
      });
      return { url, client };
    });
  }
}

/** The client waits for ever by itself: a server that takes a request and says nothing ends it here. */
function impatient(transport: typeof http | typeof https, timeoutMs: number): Pick<typeof http, "request"> {
  const request = (...args: Parameters<typeof http.request>): http.ClientRequest => {
    const sent = transport.request(...args);
    return sent.setTimeout(timeoutMs, () => {
      sent.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: "ETIMEDOUT" }));
    });
  };
  return { request: request as typeof http.request };
}
