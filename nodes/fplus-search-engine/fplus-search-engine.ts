import type { NodeAPI } from "node-red";
import path from "node:path";
import { messageOf } from "../../lib/errors/index.ts";
import { searchSource } from "../../lib/plant/index.ts";
import { openSearch, type SearchOptions } from "../../lib/search/index.ts";
import { defineNode, type NodeContext } from "../frame/index.ts";
import { plantOf } from "../frame/plant.ts";
import { substituteAll } from "../frame/substitute.ts";
import type { SearchService } from "./service.ts";

interface EngineConfig {
  readonly name: string;
  readonly engine: "embedded" | "meilisearch";
  readonly folder: string;
  readonly url: string;
}

interface DialogValues extends EngineConfig {
  readonly id?: string;
  /** Left out where the stored one was not retyped. */
  readonly key?: string;
}

/** A search engine that nodes can choose: the embedded one in a folder, or a MeiliSearch server. */
export default function (RED: NodeAPI): void {
  defineNode<EngineConfig>(RED, "fplus-search-engine", (node) => ({ service: serviceFor(node) }), {
    credentials: { key: { type: "password" } },
    once: serveTest,
  });
}

function serviceFor({ config, plant, credentials, name }: NodeContext<EngineConfig>): SearchService {
  const options = optionsOf({ ...config, name }, credentials["key"], plant.stateDir);
  // Wrong settings show on this node at once, not at the first search.
  openSearch(options);
  return searchSource(plant.leases, plant.health, options);
}

function optionsOf(
  { engine, name, folder, url }: EngineConfig,
  key: string | undefined,
  stateDir: string,
): SearchOptions {
  if (engine === "meilisearch") return { engine, name, url, ...(key ? { key } : {}) };
  return { engine: "embedded", name, directory: path.resolve(stateDir, folder || "search") };
}

/** `POST /fplus/search/test` tries the values of the dialog before they are saved. */
function serveTest(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/search/test", RED.auth.needsPermission("fplus-search.write"), (request, response) => {
    tryEngine(RED, request.body as DialogValues).then(
      (text) => response.json({ ok: true, text }),
      (error: unknown) => response.json({ ok: false, text: messageOf(error) }),
    );
  });
}

async function tryEngine(RED: NodeAPI, values: DialogValues): Promise<string> {
  const config = substituteAll(values, (name) => process.env[name]);
  const stored = (values.id === undefined ? {} : RED.nodes.getCredentials(values.id)) as { key?: string } | undefined;
  const { stateDir, leases, health } = plantOf(RED);
  // The embedded engine may be open already, and one folder is for one engine only.
  const lease = searchSource(leases, health, optionsOf(config, config.key ?? stored?.key, stateDir)).lease();
  try {
    await lease.ready;
    const indexes = await lease.value.indexes();
    return `Connected: ${indexes.length === 0 ? "no index yet" : indexes.join(", ")}`;
  } finally {
    await lease.release();
  }
}
