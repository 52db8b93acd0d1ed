import type { NodeAPI } from "node-red";
import path from "node:path";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { type ObjectsOptions, openObjects } from "../../lib/objects/index.ts";
import { objectsSource, openedObjects } from "../../lib/plant/index.ts";
import { defineNode, type NodeBehaviour, type NodeContext } from "../frame/index.ts";
import { linkBaseOf, plantOf } from "../frame/plant.ts";
import { substituteAll } from "../frame/substitute.ts";
import { type EndpointConfig, serveStore } from "./endpoint.ts";
import { serveLinks } from "./links.ts";
import { SECRETS } from "./secrets.ts";
import type { ObjectsService } from "./service.ts";

interface StoreConfig extends EndpointConfig {
  readonly engine: "embedded" | "s3";
  readonly folder: string;
  /** Address under which links are served; blank = this Node-RED's own. */
  readonly linkAddress: string;
  readonly url: string;
  readonly region: string;
  readonly style: "path" | "host";
}

interface StoreKeys {
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  readonly encryptionKey?: string | undefined;
}

/** An object store that nodes can choose: a folder, or an S3 server. */
export default function (RED: NodeAPI): void {
  defineNode<StoreConfig>(RED, "fplus-object-store", run, {
    credentials: {
      accessKey: { type: "text" },
      secretKey: { type: "password" },
      encryptionKey: { type: "password" },
      ...SECRETS,
    },
    once: () => {
      serveLinks(RED);
      serveTest(RED);
    },
  });
}

/** A store that cannot be served is a store all the same. */
function run(node: NodeContext<StoreConfig>): NodeBehaviour {
  const service = serviceFor(node);
  const { config, credentials } = node;
  if (config.serve !== true || config.engine === "s3") return { service };
  try {
    const endpoint = serveStore(node, service, JSON.stringify([config.folder, credentials["encryptionKey"]]));
    return { service, close: () => endpoint.close() };
  } catch (error) {
    node.report(error);
    return { service };
  }
}

function serviceFor(node: NodeContext<StoreConfig>): ObjectsService {
  const { config, plant, credentials, name, id } = node;
  if (config.linkAddress && !/^https?:\/\/[^/]+/.test(config.linkAddress)) {
    const hint = "Write it like https://plant.example/fplus/objects.";
    throw new FplusError("config.invalid", `not an address: ${config.linkAddress}`, { field: "linkAddress", hint });
  }
  const base = config.linkAddress ? config.linkAddress.replace(/\/+$/, "") : linkBaseOf(node.RED);
  const options = optionsOf({ ...config, name }, credentials, plant.stateDir, `${base}/${id}`);
  // Wrong settings show on this node at once, not at the first object.
  openObjects(options);
  return objectsSource(plant.leases, plant.health, options);
}

function optionsOf(config: StoreConfig, keys: StoreKeys, stateDir: string, linkBase: string): ObjectsOptions {
  const { name } = config;
  if (config.engine !== "s3") {
    const { encryptionKey } = keys;
    const directory = path.resolve(stateDir, config.folder || "objects");
    return { engine: "embedded", name, directory, linkBase, ...(encryptionKey ? { encryptionKey } : {}) };
  }
  return {
    engine: "s3",
    name,
    url: config.url,
    accessKey: keys.accessKey ?? "",
    secretKey: keys.secretKey ?? "",
    pathStyle: config.style !== "host",
    ...(config.region ? { region: config.region } : {}),
  };
}

/** `POST /fplus/objects/test` tries the values of the dialog before they are saved. */
function serveTest(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/objects/test", RED.auth.needsPermission("fplus-objects.write"), (request, response) => {
    tryStore(RED, request.body as StoreConfig & StoreKeys & { readonly id?: string }).then(
      (text) => response.json({ ok: true, text }),
      (error: unknown) => response.json({ ok: false, text: messageOf(error) }),
    );
  });
}

async function tryStore(RED: NodeAPI, values: StoreConfig & StoreKeys & { readonly id?: string }): Promise<string> {
  const stored = (values.id === undefined ? {} : RED.nodes.getCredentials(values.id)) as StoreKeys | undefined;
  const config = substituteAll(values, (name) => process.env[name]);
  const keys = {
    accessKey: config.accessKey ?? stored?.accessKey,
    // The dialog does not know stored secrets; it sends one only where it was typed anew.
    secretKey: config.secretKey ?? stored?.secretKey,
    encryptionKey: config.encryptionKey ?? stored?.encryptionKey,
  };
  const { stateDir, leases } = plantOf(RED);
  const options = optionsOf(config, keys, stateDir, "");
  const opened = options.engine === "embedded" ? openedObjects(leases, options) : undefined;
  const store = opened ?? openObjects(options);
  try {
    const buckets = await store.buckets();
    return `Connected: ${buckets.length === 1 ? "1 bucket" : `${buckets.length} buckets`}`;
  } finally {
    if (store !== opened) await store.close();
  }
}
