import { createServer, type Server } from "node:net";

/** Below the ports that systems give to outgoing connections, which could take one between a server's stop and its next start. */
const [FIRST, LAST] = [10_240, 30_719];
const BLOCK = 64;

/** The next port of the present block, and how many it still has. */
let next = 0;
let left = 0;

/** Ports on the loopback that nobody listens on, all different, and nobody else's for as long as this process lives. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    if (left === 0) await takeBlock();
    const port = next++;
    left -= 1;
    const probe = await listen(port);
    if (probe === undefined) continue;
    await new Promise((resolve) => probe.close(resolve));
    ports.push(port);
  }
  return ports;
}

/** Who listens on a block's first port has its others; nobody closes it, and the system frees it with the process. */
async function takeBlock(): Promise<void> {
  const blocks = (LAST + 1 - FIRST) / BLOCK;
  const start = Math.floor(Math.random() * blocks);
  for (let i = 0; i < blocks; i++) {
    const first = FIRST + ((start + i) % blocks) * BLOCK;
    const guard = await listen(first);
    if (guard === undefined) continue;
    guard.unref();
    [next, left] = [first + 1, BLOCK - 1];
    return;
  }
  throw new Error("every block of ports is taken");
}

/** A server on that port, unless it is taken. */
function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
