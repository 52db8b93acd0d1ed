import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The two sockets of one connection that goes through. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * A TCP proxy on the loopback whose link breaks in the ways that plant networks break.
 * Every way lasts until `heal()`; `cut` and `reset` end the connections that there are.
 */
export class TcpProxy {
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  #server: Server | undefined;
  #port = 0;
  #frozen: { readonly over: Promise<void>; end(): void } | undefined;
  #swallow = false;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #resetNext = false;
  /** Connections accepted so far. */
  accepted = 0;
  /** Bytes handed on so far, both ways. */
  bytes = 0;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  /** The port to connect to; the same over cuts. */
  get port(): number {
    return this.#port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  async open(): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.#accept(client));
    this.#server = server;
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends every connection and refuses new ones: a switch that is off, seen from a peer that gets an answer. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#destroyLinks();
    if (server === undefined) return;
    server.close();
    await once(server, "close");
  }

  /** Holds all bytes back; connections stay open, new ones are accepted and stay silent. Nothing is lost at `heal()`. */
  freeze(): void {
    if (this.#frozen !== undefined) return;
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#frozen = { over, end };
  }

  /** Swallows all bytes, as a cable that is out: nobody is told. What was sent meanwhile is lost for good. */
  halfOpen(): void {
    this.#swallow = true;
  }

  /** Hands on so many bytes a second in each direction of each connection. */
  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** The next piece that comes from the server is handed on by half, then both connections are reset. */
  reset(): void {
    this.#resetNext = true;
  }

  /** Undoes whatever was done. Connections over which bytes were lost end now: no TCP stack goes on after a hole. */
  async heal(): Promise<void> {
    if (this.#swallow) this.#destroyLinks();
    this.#swallow = false;
    this.#resetNext = false;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
    this.#frozen?.end();
    this.#frozen = undefined;
    if (this.#server === undefined) await this.open();
  }

  async close(): Promise<void> {
    await this.cut();
    this.#frozen?.end();
    this.#frozen = undefined;
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    const server = connect({ port: this.#targetPort, host: "127.0.0.1", noDelay: true });
    const link = { client, server };
    this.#links.add(link);
    for (const socket of [client, server]) {
      socket.on("error", () => undefined);
      socket.on("close", () => this.#end(link));
    }
    this.#carry(link, client, server).catch(() => this.#end(link));
    this.#carry(link, server, client).catch(() => this.#end(link));
  }

  async #carry(link: Link, from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      while (this.#frozen !== undefined) await this.#frozen.over;
      if (this.#swallow) continue;
      if (this.#resetNext && from === link.server) {
        this.#resetNext = false;
        to.write(chunk.subarray(0, chunk.length >> 1), () => {
          link.client.resetAndDestroy();
          link.server.resetAndDestroy();
        });
        return;
      }
      await this.#hand(chunk, to);
    }
    to.end();
  }

  async #hand(chunk: Buffer, to: Socket): Promise<void> {
    const step = Math.max(1, Math.min(chunk.length, Math.ceil(this.#bytesPerSecond / 20)));
    for (let at = 0; at < chunk.length && !to.destroyed; at += step) {
      const piece = chunk.subarray(at, at + step);
      this.bytes += piece.length;
      if (!to.write(piece)) await once(to, "drain");
      if (step < chunk.length) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #destroyLinks(): void {
    for (const link of this.#links) this.#end(link);
  }

  #end(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}

/** An open proxy in front of a port of this machine. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = new TcpProxy(targetPort);
  await proxy.open();
  return proxy;
}
