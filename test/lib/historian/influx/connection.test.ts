import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { WriteConnection } from "../../../../lib/historian/influx/connection.ts";

interface Heard {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server that remembers what it was sent and answers as told. */
async function listening(t: TestContext, status: number, answer = "") {
  const heard: Heard[] = [];
  let sockets = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      heard.push({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) });
      if (status > 0) response.writeHead(status).end(answer);
    });
  });
  server.on("connection", () => (sockets += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets: () => sockets };
}

test("bytes go packed, over one connection, with the headers given, below the server's own path", async (t) => {
  const server = await listening(t, 204);
  const connection = new WriteConnection(`${server.url}/influx/`, { authorization: "Token t" }, 5000, true);
  t.after(() => connection.close());
  const lines = Buffer.from("m,a=b value=1 1\n".repeat(500));
  for (let i = 0; i < 5; i++)
    assert.deepEqual(await connection.post("/api/v2/write?bucket=b", lines), { status: 204, body: "" });
  assert.equal(server.sockets(), 1);
  const [first] = server.heard;
  assert.equal(first!.url, "/influx/api/v2/write?bucket=b");
  assert.equal(first!.headers["content-encoding"], "gzip");
  assert.equal(first!.headers.authorization, "Token t");
  assert.deepEqual(gunzipSync(first!.body), lines);
  assert.ok(first!.body.length < lines.length / 10);
  await connection.post("/write", Buffer.from("short"));
  assert.equal(server.heard.at(-1)!.headers["content-encoding"], undefined);
});

test("on the same machine nothing is packed; an answer's body is handed on, a silent server is an error", async (t) => {
  const server = await listening(t, 400, '{"error":"partial write"}');
  const connection = new WriteConnection(server.url, {}, 5000);
  t.after(() => connection.close());
  const lines = Buffer.alloc(5000, "a");
  assert.deepEqual(await connection.post("/write", lines), { status: 400, body: '{"error":"partial write"}' });
  assert.deepEqual(server.heard[0]!.body, lines);
  const silent = await listening(t, 0);
  const impatient = new WriteConnection(silent.url, {}, 100);
  t.after(() => impatient.close());
  await assert.rejects(impatient.post("/write", lines), /no answer within 100 ms/);
});
