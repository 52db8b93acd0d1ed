/** Serves a folder as S3 until it is killed: `<folder> <port> <access key> <secret key>`. */
import { ObjectServer, openObjects } from "../../../../lib/objects/index.ts";

const [folder, port, accessKey, secretKey] = process.argv.slice(2);
const store = openObjects({ engine: "embedded", directory: folder! });
const keys = [
  { name: "test", accessKey: accessKey!, secretKey: secretKey!, buckets: "plant, *", rights: "write" as const },
];
const server = new ObjectServer(store, { port: Number(port), keys });
await server.open();
process.stdout.write("ready\n");
