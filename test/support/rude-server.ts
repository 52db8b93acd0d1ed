import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";

/** How an HTTP server behaves badly. */
export const RUDENESS = {
  "never answers": () => undefined,
  "answers half and stalls": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"half":');
  },
  "drips for ever": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "application/json" });
    const drip = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(drip));
  },
  resets: (request: IncomingMessage) => void request.socket.resetAndDestroy(),
  "resets in the middle": (request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"half":', () => request.socket.resetAndDestroy());
  },
  "500 with a page": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(500, { "content-type": "text/html" });
    response.end(PAGE);
  },
  "400 of a proxy": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(400, { "content-type": "text/html" });
    response.end(PAGE);
  },
  "a redirect": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(302, { location: "https://login.example/" });
    response.end();
  },
  "200 with a page": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(PAGE);
  },
  "401": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(401, { "content-type": "application/json" });
    response.end('{"code":"unauthorized","message":"unauthorized access"}');
  },
  "429": (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(429, { "content-type": "application/json", "retry-after": "1" });
    response.end('{"code":"too many requests","message":"slow down"}');
  },
} satisfies Readonly<Record<string, RequestListener>>;

const PAGE = `<!doctype html><html><head><title>Web gateway: something is wrong</title></head><body>${"<p>sorry</p>".repeat(2000)}</body></html>`;

/** A server on the loopback that answers as it is told. */
export interface RudeServer {
  readonly url: string;
  readonly requests: { readonly method: string; readonly url: string }[];
  /** How it answers from now on. */
  answer: RequestListener;
  /** Told of each request's body before it is answered. */
  body: (request: IncomingMessage, body: Buffer) => void;
  close(): Promise<void>;
}

/** @param tls key and certificate; without them it speaks plain HTTP */
export async function startRudeServer(
  answer: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RudeServer> {
  const requests: { method: string; url: string }[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push({ method: request.method ?? "", url: request.url ?? "" });
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      rude.body(request, Buffer.concat(chunks));
      rude.answer(request, response);
    });
  };
  const server: Server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const rude: RudeServer = {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    requests,
    answer,
    body: () => undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return rude;
}
