import type { Aedes, AuthenticateError } from "aedes";
import { createServer, type Server, type Socket } from "node:net";
import { timingSafeEqual } from "node:crypto";
import { FplusError, messageOf } from "../errors/index.ts";
import { packPacketLengths } from "./packet-lengths.ts";

/** How the embedded broker listens. */
export interface EmbeddedBrokerOptions {
  /** Address to listen on; loopback unless a user says otherwise. */
  readonly host: string;
  readonly port: number;
  /** When given, clients must name them. */
  readonly username?: string;
  readonly password?: string;
  /** A client's protocol error or refused sign-in; the broker goes on. */
  readonly onError?: (error: FplusError) => void;
}

/** Totals since the broker was opened, and clients of now. */
export interface EmbeddedBrokerStats {
  readonly listening: boolean;
  readonly clients: number;
  readonly received: number;
  readonly receivedBytes: number;
  readonly refused: number;
}

const PORT_RETRIES = 20;
const PORT_RETRY_MS = 250;
const REFUSED_SIGN_IN = 4;

/**
 * An MQTT 3.1.1 broker inside this process, on aedes. Retained messages and sessions live in memory:
 * what must survive a restart is the business of its clients (Sparkplug births, spools). MQTT 5 clients are refused.
 */
export class EmbeddedBroker {
  readonly #options: EmbeddedBrokerOptions;
  readonly #sockets = new Set<Socket>();
  #broker: Aedes | undefined;
  #server: Server | undefined;
  #closed = false;
  #received = 0;
  #receivedBytes = 0;
  #refused = 0;

  constructor(options: EmbeddedBrokerOptions) {
    this.#options = options;
  }

  /**
   * Listens; waits a moment for a port that a predecessor is just giving up.
   * @throws FplusError `broker.port-taken`, `feature.off` when aedes is not installed
   */
  async open(): Promise<void> {
    const { Aedes } = await import("aedes").catch((error: unknown) => {
      throw new FplusError("feature.off", "the embedded broker needs the package aedes", { cause: error });
    });
    packPacketLengths("aedes");
    const broker = await Aedes.createBroker({ id: "fplus" });
    this.#broker = broker;
    broker.authenticate = (_client, username, password, done) => this.#authenticate(username, password, done);
    broker.on("publish", (packet, client) => {
      if (client === null) return;
      this.#received += 1;
      this.#receivedBytes += packet.payload.length;
    });
    broker.on("clientError", (client, error) => this.#say(client.id, error));
    broker.on("connectionError", (client, error) => this.#say(client.id, error));
    for (let attempt = 1; !this.#closed; attempt++) {
      try {
        this.#server = await this.#listen(broker);
        return;
      } catch (error) {
        const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
        if (taken && attempt < PORT_RETRIES) await new Promise((resolve) => setTimeout(resolve, PORT_RETRY_MS));
        else throw this.#portError(error);
      }
    }
  }

  get stats(): EmbeddedBrokerStats {
    return {
      listening: this.#server?.listening ?? false,
      clients: this.#broker?.connectedClients ?? 0,
      received: this.#received,
      receivedBytes: this.#receivedBytes,
      refused: this.#refused,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#broker === undefined) resolve();
    else this.#broker.close(() => resolve());
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }

  #listen(broker: Aedes): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        socket.setNoDelay(true);
        this.#sockets.add(socket);
        socket.on("close", () => this.#sockets.delete(socket));
        const client = broker.handle(socket);
        client.on("error", (error) => this.#say(client.id, error));
      });
      server.once("error", reject);
      server.listen(this.#options.port, this.#options.host, () => {
        server.removeListener("error", reject);
        server.on("error", (error) => this.#say("server", error));
        resolve(server);
      });
    });
  }

  #authenticate(
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const { username: wantedName = "", password: wantedPassword = "" } = this.#options;
    if (wantedName === "" || (same(username ?? "", wantedName) && same(password?.toString() ?? "", wantedPassword))) {
      return done(null, true);
    }
    this.#refused += 1;
    done(Object.assign(new Error("wrong user name or password"), { returnCode: REFUSED_SIGN_IN }), false);
    return undefined;
  }

  #say(client: string, error: unknown): void {
    const text = messageOf(error);
    // A peer that vanishes is not an error of the broker; its will is what tells.
    if (/ECONNRESET|EPIPE|keep alive timeout|connection closed/i.test(text)) return;
    const hint = /protocol version/i.test(text) ? "Set the client to MQTT 3.1.1; for MQTT 5 use Mosquitto." : undefined;
    this.#options.onError?.(
      new FplusError("broker.refused", `client refused: ${text}`, {
        field: client,
        cause: error,
        ...(hint === undefined ? {} : { hint }),
      }),
    );
  }

  #portError(error: unknown): FplusError {
    return new FplusError("broker.port-taken", `port ${this.#options.port} cannot be used: ${messageOf(error)}`, {
      field: "port",
      hint: "Choose another port in the embedded broker node, or with FPLUS_MQTT_PORT.",
      cause: error,
    });
  }
}

function same(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
