/** A server that takes line protocol, counts its lines and throws them away: what the sender costs is then all there is. */
import { createServer } from "node:http";

let lines = 0;
const server = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  });
  request.on("end", () => {
    const version = { "x-influxdb-version": "v2.7.1" };
    if (request.url === "/lines") response.writeHead(200, version).end(String(lines));
    else response.writeHead(204, version).end();
  });
  request.resume();
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
});
