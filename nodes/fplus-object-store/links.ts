import type { NodeAPI } from "node-red";
import type { IncomingMessage, ServerResponse } from "node:http";
import { FplusError } from "../../lib/errors/index.ts";
import { type ObjectStore, serveLink } from "../../lib/objects/index.ts";
import type { Lease } from "../../lib/plant/index.ts";
import { serviceOf } from "../frame/index.ts";
import { plantOf } from "../frame/plant.ts";
import type { ObjectsService } from "./service.ts";

/**
 * Serves the links of embedded stores: `/fplus/objects/plant/…` is the plant's own store, `/fplus/objects/<id>/…` that of a
 * configuration node. What a link allows stands in the link itself, signed.
 */
export function serveLinks(RED: NodeAPI): void {
  RED.httpNode.use("/fplus/objects", (request: IncomingMessage, response: ServerResponse) => {
    const [, id = "", rest = "/"] = /^\/([\w.-]+)(\/.*)$/.exec(request.url ?? "") ?? [];
    let lease: Lease<ObjectStore>;
    try {
      lease = id === "plant" ? plantOf(RED).objects() : serviceOf<ObjectsService>(RED, id, "store").lease();
    } catch (error) {
      const code = error instanceof FplusError && error.code === "config.missing" ? 404 : 500;
      response.writeHead(code, { "content-type": "text/plain" }).end("there is no such object store\n");
      return;
    }
    answer(lease, request, response, rest).catch(() => response.destroy());
  });
}

async function answer(
  lease: Lease<ObjectStore>,
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
): Promise<void> {
  try {
    await lease.ready;
    await serveLink(lease.value, request, response, target);
  } finally {
    await lease.release();
  }
}
