import { connect, createServer, type Socket } from "node:net";
import mqttPacket, { type Packet } from "mqtt-packet";

/** One MQTT control packet, or the end of a connection, as it passed between a client and its broker. */
export interface TappedPacket {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Rises with every connection over any tap of a recording. */
  readonly connection: number;
  readonly clientId: string;
  readonly from: "client" | "broker";
  /** Undefined for the end of the connection. */
  readonly packet: Packet | undefined;
}

/** A listening TCP proxy in front of a broker. */
export interface Tap {
  readonly port: number;
  /** Cuts the connections of clients whose id has that text, without a word. */
  cut(clientId: string): void;
  close(): Promise<void>;
}

let connections = 0;

/** Begins to pass on and to record; `packets` receives what passes. */
export async function startTap(brokerPort: number, version: 4 | 5, packets: TappedPacket[]): Promise<Tap> {
  const open = new Map<Socket, { clientId: string; toBroker: Socket }>();
  const server = createServer((fromClient) => {
    const toBroker = connect(brokerPort, "127.0.0.1");
    const connection = ++connections;
    const state = { clientId: "", toBroker };
    open.set(fromClient, state);
    const note = (from: "client" | "broker", packet: Packet | undefined): void => {
      if (packet?.cmd === "connect") state.clientId = packet.clientId;
      packets.push({ at: Date.now(), connection, clientId: state.clientId, from, packet });
    };
    relay(fromClient, toBroker, version, (packet) => note("client", packet));
    relay(toBroker, fromClient, version, (packet) => note("broker", packet));
    fromClient.once("close", () => {
      open.delete(fromClient);
      note("client", undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    cut(clientId) {
      for (const [socket, state] of open) if (state.clientId.includes(clientId)) socket.destroy();
    },
    async close() {
      for (const socket of open.keys()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function relay(from: Socket, to: Socket, version: 4 | 5, onPacket: (packet: Packet) => void): void {
  const parser = mqttPacket.parser({ protocolVersion: version });
  parser.on("packet", onPacket);
  from.on("data", (bytes) => {
    parser.parse(bytes);
    to.write(bytes);
  });
  from.once("close", () => to.destroy());
  from.on("error", () => to.destroy());
}
