import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** Milliseconds of a `Retry-After` header; left out where there is none that can be read. */
  readonly retryAfterMs?: number;
  /** Where a redirect leads. */
  readonly location?: string;
}

const GZIP_BYTES = 1000;
/** Most of the gain for a third of the work: lines are mostly the same names again. */
const GZIP_LEVEL = 1;
const MAX_ANSWER_BYTES = 64 * 1024;
const squeeze = promisify(gzip);

/**
 * Connections to one server that stay open between requests and carry bytes as they are. The official client takes lines as
 * strings only, which would undo what the renderer saves.
 */
export class WriteConnection {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #compress: boolean;

  /** @param compress default: unless the server is on this machine, where compressing takes longer than it saves */
  constructor(
    url: string,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
    compress = !/^(127\.|localhost$|\[::1])/.test(new URL(url).hostname),
  ) {
    this.#url = new URL(url);
    this.#headers = headers;
    this.#timeoutMs = timeoutMs;
    const options = { keepAlive: true, maxSockets: 4 };
    this.#agent = this.#url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
    this.#compress = compress;
  }

  /** Posts bytes to a path below the server's address. Rejects with the socket's error when no whole answer came. */
  async post(path: string, bytes: Uint8Array): Promise<HttpAnswer> {
    const packed = this.#compress && bytes.length >= GZIP_BYTES;
    const sent = packed ? await squeeze(bytes, { level: GZIP_LEVEL }) : bytes;
    const headers = {
      ...this.#headers,
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(sent.length),
      ...(packed ? { "content-encoding": "gzip" } : {}),
    };
    const base = this.#url.pathname.replace(/\/+$/, "");
    const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send(
        new URL(base + path, this.#url),
        { method: "POST", agent: this.#agent, headers, timeout: this.#timeoutMs },
        resolve,
      );
      request.on("timeout", () => request.destroy(new Error(`no answer within ${this.#timeoutMs} ms`)));
      request.on("error", reject);
      request.end(sent);
    });
    const body = await this.#bodyOf(answer);
    const retryAfterMs = retryAfter(answer.headers["retry-after"]);
    const { location } = answer.headers;
    return {
      status: answer.statusCode ?? 0,
      body,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(location === undefined ? {} : { location }),
    };
  }

  /** A server that begins to answer and does not end would hold up everything that waits. */
  async #bodyOf(answer: IncomingMessage): Promise<string> {
    const late = setTimeout(
      () => answer.destroy(new Error(`no whole answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    try {
      let text = "";
      for await (const chunk of answer) if (text.length < MAX_ANSWER_BYTES) text += String(chunk);
      return text;
    } finally {
      clearTimeout(late);
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The header's seconds or date as milliseconds from now. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
