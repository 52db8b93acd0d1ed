import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A stand-in for Redis that takes connections and answers every other command as it is told. */
export interface RudeRedis {
  readonly port: number;
  /** The reply to a command, as it stands in the protocol (`-READONLY …\r\n`); undefined for none. */
  answer: (command: string) => string | undefined;
  /** Connections so far. */
  connections: number;
  close(): Promise<void>;
}

/** Starts one on the loopback. */
export async function startRudeRedis(answer: RudeRedis["answer"]): Promise<RudeRedis> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    rude.connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (;;) {
        const command = takeCommand(text);
        if (command === undefined) return;
        text = text.slice(command.length);
        const name = command.words[0]?.toUpperCase() ?? "";
        const reply = GREETINGS[name] ?? rude.answer(name);
        if (reply !== undefined) socket.write(reply);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const rude: RudeRedis = {
    port: (server.address() as AddressInfo).port,
    answer,
    connections: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return rude;
}

/** What a client says at the start; of the newer protocol this one knows nothing. */
const GREETINGS: Readonly<Record<string, string>> = {
  HELLO: "-ERR unknown command 'HELLO'\r\n",
  CLIENT: "+OK\r\n",
  SELECT: "+OK\r\n",
  INFO: "$11\r\nloading:0\r\n\r\n",
};

/** The first whole command of the text: `*2 $3 GET $1 k`, each on a line. */
function takeCommand(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  let at = head[0].length;
  const words: string[] = [];
  for (let i = 0; i < Number(head[1]); i++) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (size === null) return undefined;
    at += size[0].length;
    const end = at + Number(size[1]);
    if (text.length < end + 2) return undefined;
    words.push(text.slice(at, end));
    at = end + 2;
  }
  return { words, length: at };
}
