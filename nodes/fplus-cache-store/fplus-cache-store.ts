import type { NodeAPI } from "node-red";
import { openCache } from "../../lib/cache/index.ts";
import { messageOf } from "../../lib/errors/index.ts";
import { cacheSource } from "../../lib/plant/index.ts";
import { substituteAll } from "../frame/substitute.ts";
import { defineNode } from "../frame/index.ts";
import { cacheOptions, type CacheStoreConfig } from "./settings.ts";

interface DialogValues extends CacheStoreConfig {
  readonly id?: string;
  /** Left out where the stored one was not retyped. */
  readonly password?: string;
}

/** A cache that nodes can choose: inside this process, or Redis. */
export default function (RED: NodeAPI): void {
  defineNode<CacheStoreConfig>(
    RED,
    "fplus-cache-store",
    (node) => {
      const options = cacheOptions({ ...node.config, name: node.name }, node.credentials["password"]);
      // Wrong settings show on this node at once, not at the first message; nothing connects here.
      openCache(options);
      return { service: cacheSource(node.plant.leases, node.plant.health, options, node.id) };
    },
    { credentials: { password: { type: "password" } }, once: serveTest },
  );
}

/** `POST /fplus/cache/test` tries the values of a dialog. */
function serveTest(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/cache/test", RED.auth.needsPermission("fplus-cache.write"), (request, response) => {
    tryCache(RED, request.body as DialogValues).then(
      (text) => response.json({ ok: true, text }),
      (error: unknown) => response.json({ ok: false, text: messageOf(error) }),
    );
  });
}

async function tryCache(RED: NodeAPI, values: DialogValues): Promise<string> {
  const stored = values.id === undefined ? {} : ((RED.nodes.getCredentials(values.id) ?? {}) as Record<string, string>);
  const config = substituteAll(values, (name) => process.env[name]);
  const cache = openCache(cacheOptions(config, config.password ?? stored["password"]));
  try {
    const began = performance.now();
    await cache.get("fplus-connection-test");
    return `Connected: ${cache.health().detail}, ${Math.max(1, Math.round(performance.now() - began))} ms.`;
  } finally {
    await cache.close();
  }
}
