/**
 * The thread of PGlite: PostgreSQL compiled to WebAssembly would otherwise hold up the process at every statement.
 * It is sent bytes of PostgreSQL's protocol and sends the answer's bytes back.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { LiteReply, LiteRequest } from "./lite-wire.ts";

const port = parentPort!;
const { directory } = workerData as { directory: string };
const { PGlite } = await import("@electric-sql/pglite");
const database = await PGlite.create(directory);
const say = (reply: LiteReply): void => port.postMessage(reply);

async function answer(request: LiteRequest): Promise<void> {
  if (request.close) await database.close();
  else
    await database.execProtocolRawStream(request.bytes, {
      onRawData: (bytes) => say({ id: request.id, bytes: bytes.slice() }),
    });
  say({ id: request.id, done: true });
}

// One after another: the database has one session.
let last = Promise.resolve();
port.on("message", (request: LiteRequest) => {
  last = last.then(() => answer(request)).catch((error: unknown) => say({ id: request.id, failure: String(error) }));
});
say({ id: 0, done: true });
