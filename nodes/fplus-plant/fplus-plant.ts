import type { NodeAPI } from "node-red";
import { defineNode } from "../frame/index.ts";
import type { PlantConfig } from "../frame/plant.ts";

/**
 * The composition root on the canvas. The plant itself is read from this node's configuration by the frame,
 * before any other node starts; the node serves the health of every part over the admin API.
 */
export default function (RED: NodeAPI): void {
  defineNode<PlantConfig>(RED, "fplus-plant", () => ({}), { once: serveHealth });
}

function serveHealth(RED: NodeAPI): void {
  RED.httpAdmin.get("/fplus/health", RED.auth.needsPermission("fplus-plant.read"), (_request, response) => {
    import("../../lib/plant/index.ts").then(
      ({ processHealth }) => response.json(processHealth.snapshot()),
      () => response.status(500).end(),
    );
  });
}
