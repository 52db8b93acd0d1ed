import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { type ObjectStore, transferObjects, type TransferReport } from "../../lib/objects/index.ts";
import type { ObjectsService } from "../fplus-object-store/service.ts";
import { amount, defineNode, type Message, type NodeBehaviour, type NodeContext } from "../frame/index.ts";
import { bytesText } from "./bytes-text.ts";
import { payloadOf, resolvedFile, uploadOf, uploadOfFile, writeFileOf } from "./content.ts";
import { sendList } from "./list.ts";
import {
  nameOf,
  numberOf,
  type ObjectsConfig,
  type Operation,
  operationOf,
  rangeOf,
  required,
  textOf,
} from "./request.ts";
import { serveBrowse } from "./routes.ts";

type Send = (message: Message) => void;

/** Puts, gets, lists and looks after objects. */
export default function (RED: NodeAPI): void {
  const setUp = (node: NodeContext<ObjectsConfig>): NodeBehaviour => {
    const { store } = node.config;
    const lease = store ? node.service<ObjectsService>(store, "store").lease() : node.plant.objects();
    return {
      async input(msg, send) {
        const operation = operationOf(node.config, msg);
        await lease.ready;
        try {
          node.status("up", await WORK[operation](node, lease.value, msg, send));
        } catch (error) {
          node.status("down", `${operation} failed`);
          throw error;
        }
      },
      close: () => lease.release(),
    };
  };
  defineNode(RED, "fplus-objects", setUp, { once: serveBrowse });
}

/** Does the work of an operation, sends what came of it and says it in a few words. */
type Work = (node: NodeContext<ObjectsConfig>, store: ObjectStore, msg: Message, send: Send) => Promise<string>;

const WORK: Readonly<Record<Operation, Work>> = {
  async put(node, store, msg, send) {
    const { config } = node;
    const { bucket, key } = nameOf(config, msg);
    const upload = config.source === "file" ? await uploadOfFile(fileOf(node, msg)) : uploadOf(msg.payload);
    const size = upload.size ?? (typeof msg["size"] === "number" ? msg["size"] : undefined);
    const contentType = textOf(config, msg, "contentType") || upload.contentType;
    const { metadata, sha256 } = msg as { metadata?: Record<string, string>; sha256?: string };
    const info = await store.put(bucket, key, upload.body, {
      ...(size === undefined ? {} : { size }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(sha256 === undefined ? {} : { sha256 }),
      allow: config.allow
        .split(",")
        .map((type) => type.trim())
        .filter((type) => type !== ""),
      onProgress: (bytes) => node.status("busy", progress(bytes, size)),
    });
    send({ ...msg, bucket, key, payload: info } as unknown as Message);
    return `stored ${bytesText(info.size)}`;
  },

  async get(node, store, msg, send) {
    const { output } = node.config;
    const name = nameOf(node.config, msg);
    const content = await store.get(name, rangeOf(msg));
    const { info, length } = content;
    let payload: unknown;
    if (output === "file") {
      const file = fileOf(node, msg);
      await writeFileOf(content, file, (bytes) => node.status("busy", progress(bytes, length)));
      payload = file;
    } else payload = await payloadOf(content, output);
    send({ ...msg, ...name, payload, object: info } as Message);
    return `read ${bytesText(length)}`;
  },

  async list(node, store, msg, send) {
    const { config } = node;
    const bucket = required(config, msg, "bucket");
    const prefix = textOf(config, msg, "prefix");
    const count = await sendList(store, { bucket, prefix, recursive: config.recursive }, config.listAs, msg, send);
    return `${amount(count)} objects`;
  },

  async stat(node, store, msg, send) {
    const name = nameOf(node.config, msg);
    const info = await store.stat(name);
    send({ ...msg, ...name, payload: info } as unknown as Message);
    return bytesText(info.size);
  },

  async copy({ config }, store, msg, send) {
    const from = nameOf(config, msg);
    const bucket = textOf(config, msg, "toBucket") || from.bucket;
    const info = await store.copy(from, { bucket, key: required(config, msg, "toKey") });
    send({ ...msg, payload: info } as unknown as Message);
    return `copied ${bytesText(info.size)}`;
  },

  async delete({ config }, store, msg, send) {
    const name = nameOf(config, msg);
    await store.delete(name);
    send({ ...msg, ...name, payload: name } as unknown as Message);
    return "deleted";
  },

  async versions({ config }, store, msg, send) {
    const { bucket, key } = nameOf(config, msg);
    const versions = await store.versions(bucket, key);
    send({ ...msg, bucket, key, payload: versions } as unknown as Message);
    return `${versions.length} versions`;
  },

  async link({ config }, store, msg, send) {
    const name = nameOf(config, msg);
    const { fileName } = msg as { fileName?: string };
    const expiresSeconds = Math.round(numberOf(config, msg, "minutes") * 60);
    const method = config.method === "PUT" ? "PUT" : "GET";
    const link = await store.link(name, { method, expiresSeconds, ...(fileName === undefined ? {} : { fileName }) });
    send({ ...msg, ...name, payload: link, expires: Date.now() + expiresSeconds * 1000 } as Message);
    return method === "PUT" ? "link to store" : "link to fetch";
  },

  async "keep-versions"({ config }, store, msg, send) {
    const bucket = required(config, msg, "bucket");
    const keep = config.operation === "message" ? msg.payload !== false : config.keep !== "no";
    await store.keepVersions(bucket, keep);
    send({ ...msg, bucket, payload: keep } as Message);
    return keep ? "keeps versions" : "keeps no versions";
  },

  async expire({ config }, store, msg, send) {
    const bucket = required(config, msg, "bucket");
    const prefix = textOf(config, msg, "prefix");
    const days = numberOf(config, msg, "days");
    const others = (await rulesOf(store, bucket)).filter((rule) => rule.prefix !== prefix);
    const rules = days === 0 ? others : [...others, { prefix, days }];
    await store.expire(bucket, rules);
    send({ ...msg, bucket, payload: rules } as unknown as Message);
    return days === 0 ? "objects stay" : `objects go after ${days} days`;
  },

  async transfer(node, store, msg, send) {
    const { config } = node;
    const bucket = textOf(config, msg, "bucket");
    const target = node.service<ObjectsService>(config.toStore, "toStore").lease();
    try {
      await target.ready;
      const report = await transferObjects(store, target.value, {
        ...(bucket === "" ? {} : { bucket }),
        prefix: textOf(config, msg, "prefix"),
        onProgress: ({ copied, present, bytes }) =>
          node.status("busy", `${amount(copied + present)} objects · ${bytesText(bytes)}`),
      });
      send({ ...msg, payload: report } as unknown as Message);
      if (report.failures > 0) node.report(transferFault(report));
      return `${amount(report.copied)} copied · ${amount(report.present)} there`;
    } finally {
      await target.release();
    }
  },
};

function transferFault({ failures, failed }: TransferReport): FplusError {
  const [first] = failed;
  return new FplusError("objects.checksum", `${failures} objects were not copied: ${first?.reason ?? ""}`, {
    field: first?.key ?? "key",
    hint: "The answer lists them.",
  });
}

/** A bucket that is not there has no rules yet. */
async function rulesOf(store: ObjectStore, bucket: string): ReturnType<ObjectStore["expiry"]> {
  return (await store.buckets()).includes(bucket) ? await store.expiry(bucket) : [];
}

function fileOf({ RED, config }: NodeContext<ObjectsConfig>, msg: Message): string {
  const { fileWorkingDirectory } = RED.settings as { readonly fileWorkingDirectory?: unknown };
  return resolvedFile(required(config, msg, "file", "filename"), fileWorkingDirectory);
}

function progress(bytes: number, size: number | undefined): string {
  if (size === undefined || size === 0) return bytesText(bytes);
  return `${bytesText(bytes)} of ${bytesText(size)} · ${Math.floor((100 * bytes) / size)} %`;
}
