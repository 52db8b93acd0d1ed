import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { after, afterEach, test } from "node:test";
import type { ObjectInfo } from "../../lib/objects/index.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import objectStore from "../../nodes/fplus-object-store/fplus-object-store.ts";
import objects from "../../nodes/fplus-objects/fplus-objects.ts";
import plant from "../../nodes/fplus-plant/fplus-plant.ts";
import { temporaryFolder } from "../support/folder.ts";
import { minioProgram, startMinio } from "../support/minio.ts";
import { loadFlow, nextMessage, type TestNode, unloadFlow } from "../support/nodes.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

afterEach(async () => {
  await unloadFlow();
  await processLeases.closeAll();
});
after(() => processLeases.closeAll());

const TAB = { id: "tab", type: "tab" };
const NODE = {
  type: "fplus-objects",
  z: "tab",
  x: 1,
  y: 1,
  bucket: "",
  key: "",
  source: "payload",
  output: "buffer",
  file: "",
  contentType: "",
  allow: "",
};
const REST = {
  prefix: "",
  recursive: false,
  listAs: "array",
  toBucket: "",
  toKey: "",
  method: "GET",
  minutes: "60",
  days: "30",
  keep: "yes",
  toStore: "",
};

/** A flow of one node that does what the message says, and one for each operation given. */
function flowOf(store: object, nodes: readonly object[]): object[] {
  return [
    TAB,
    { id: "any", ...NODE, ...REST, store: "s", operation: "message", wires: [["out"]] },
    ...nodes.map((node) => ({ ...NODE, ...REST, store: "s", wires: [["out"]], ...node })),
    {
      id: "s",
      type: "fplus-object-store",
      name: "Store",
      engine: "embedded",
      folder: "",
      linkAddress: "",
      url: "",
      region: "",
      style: "path",
      ...store,
    },
    { id: "out", type: "helper", z: "tab" },
  ];
}

function asker(node: (id: string) => TestNode) {
  return async (id: string, msg: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answered = nextMessage(node("out"));
    node(id).receive(msg);
    return await answered;
  };
}

/** The owner's example: upload a file, download it, list a folder. */
async function pythonExample(node: (id: string) => TestNode, folder: string): Promise<void> {
  const ask = asker(node);
  const text = '{"line": 1}';
  writeFileSync(path.join(folder, "config.json"), text);
  const put = await ask("n-put", { filename: path.join(folder, "config.json") });
  assert.equal((put["payload"] as ObjectInfo).contentType, "application/json");
  const got = await ask("n-get", { filename: path.join(folder, "down/downloaded_config.json") });
  assert.equal(got["payload"], path.join(folder, "down/downloaded_config.json"));
  assert.equal(readFileSync(path.join(folder, "down/downloaded_config.json"), "utf8"), text);
  assert.ok(!existsSync(path.join(folder, "down/downloaded_config.json.part")));
  for (const key of ["configs/line1.json", "configs/line2.json", "configs/old/line1.json"]) {
    await ask("any", { operation: "put", bucket: "factory-plus", key, payload: { key } });
  }
  const listed = await ask("n-list", {});
  assert.deepEqual(
    (listed["payload"] as { key: string }[]).map(({ key }) => key),
    ["configs/line1.json", "configs/line2.json"],
  );
  assert.deepEqual(listed["folders"], ["configs/old/"]);
}

const EXAMPLE = [
  { id: "n-put", operation: "put", bucket: "factory-plus", key: "config.json", source: "file" },
  { id: "n-get", operation: "get", bucket: "factory-plus", key: "config.json", output: "file" },
  { id: "n-list", operation: "list", bucket: "factory-plus", prefix: "configs/" },
];

test("a file goes up, comes down and is listed, in a folder", async (t) => {
  const user = temporaryFolder(t);
  const node = await loadFlow(user, [objectStore, objects], flowOf({}, EXAMPLE));
  await pythonExample(node, temporaryFolder(t));
  const part = processHealth.snapshot().find(({ kind }) => kind === "objects");
  assert.equal(part?.mode, "embedded");
  assert.equal(part?.status, "up");
});

test("a file goes up, comes down and is listed, on MinIO", async (t) => {
  if (missing(t, "minio", minioProgram)) return;
  const server = await startMinio(temporaryFolder(t));
  t.after(() => server.stop());
  const { url, accessKey, secretKey } = server;
  const node = await loadFlow(temporaryFolder(t), [objectStore, objects], flowOf({ engine: "s3", url }, EXAMPLE), {
    s: { accessKey, secretKey },
  });
  await pythonExample(node, temporaryFolder(t));
  const part = processHealth.snapshot().find(({ kind }) => kind === "objects");
  assert.deepEqual([part?.mode, part?.status], ["external", "up"]);
  assert.ok(!JSON.stringify(part).includes(secretKey));
});

test("the preset: a configuration goes up three times, and each version that was kept comes down", async (t) => {
  const file = path.resolve(import.meta.dirname, "../../flows/objects.json");
  const flow = JSON.parse(readFileSync(file, "utf8")) as { id: string; type: string; wires?: string[][] }[];
  // The preset's own nodes, each with what comes out of it in the place of what follows, and a file of the test.
  const kept = flow
    .filter(({ type }) => /^(tab|fplus-objects|fplus-object-store)$/.test(type))
    .map((each) => (each.type === "fplus-objects" ? { ...each, file: "", wires: [["out"]] } : each));
  const out = { id: "out", type: "helper", z: "fplus-objects-tab" };
  const node = await loadFlow(temporaryFolder(t), [objectStore, objects], [...kept, out]);
  const ask = asker(node);
  const folder = temporaryFolder(t);
  const upload = async (text: string): Promise<void> => {
    writeFileSync(path.join(folder, "config.json"), text);
    await ask("fplus-objects-put", { filename: path.join(folder, "config.json") });
  };
  await upload('{"line": 1}');
  await ask("fplus-objects-keep", {});
  await upload('{"line": 2}');
  await upload('{"line": 3}');
  const versions = (await ask("fplus-objects-versions", {}))["payload"] as { versionId: string; latest: boolean }[];
  assert.deepEqual(
    versions.map(({ latest }) => latest),
    [true, false, false],
  );
  const download = async (msg: object): Promise<string> => {
    const filename = path.join(folder, "downloaded_config.json");
    assert.equal((await ask("fplus-objects-get", { ...msg, filename }))["payload"], filename);
    return readFileSync(filename, "utf8");
  };
  assert.equal(await download({}), '{"line": 3}');
  for (const [i, { versionId }] of versions.entries())
    assert.equal(await download({ versionId }), `{"line": ${3 - i}}`);
});

test("everything that a message can ask for", async (t) => {
  const nodes = [
    { id: "n-json", operation: "get", output: "json" },
    { id: "n-text", operation: "get", output: "text" },
    { id: "n-stream", operation: "get", output: "stream" },
    { id: "n-each", operation: "list", listAs: "objects", recursive: true },
  ];
  const node = await loadFlow(temporaryFolder(t), [objectStore, objects], flowOf({}, nodes));
  const ask = asker(node);
  const bucket = "plant";
  await ask("any", { operation: "keep-versions", bucket, payload: true });
  const at = { bucket, key: "recipes/a" };
  const first = await ask("any", { operation: "put", ...at, payload: Buffer.from("one"), metadata: { by: "ann" } });
  const { versionId } = first["payload"] as ObjectInfo;
  await ask("any", { operation: "put", ...at, payload: Readable.from([Buffer.from('{"n":'), Buffer.from("2}")]) });
  assert.deepEqual((await ask("n-json", at))["payload"], { n: 2 });
  assert.equal((await ask("n-text", { ...at, versionId }))["payload"], "one");
  assert.deepEqual(
    (await ask("any", { operation: "get", ...at, range: { start: 1, end: 3 } }))["payload"],
    Buffer.from('"n"'),
  );
  const streamed = (await ask("n-stream", at))["payload"] as Readable;
  let text = "";
  for await (const chunk of streamed) text += String(chunk);
  assert.equal(text, '{"n":2}');
  assert.deepEqual(((await ask("any", { operation: "stat", ...at, versionId }))["payload"] as ObjectInfo).metadata, {
    by: "ann",
  });
  assert.equal(((await ask("any", { operation: "versions", ...at }))["payload"] as unknown[]).length, 2);
  await ask("any", { operation: "copy", ...at, versionId, toKey: "recipes/b" });
  assert.equal((await ask("n-text", { bucket, key: "recipes/b" }))["payload"], "one");

  const heard: Record<string, unknown>[] = [];
  node("out").on("input", (msg) => heard.push(msg));
  node("n-each").receive({ bucket, prefix: "recipes/" });
  await until("both objects", () => heard.length === 2);
  assert.deepEqual(
    heard.map((msg) => msg["key"]),
    ["recipes/a", "recipes/b"],
  );
  assert.deepEqual(
    heard.map((msg) => (msg["parts"] as { count?: number }).count),
    [undefined, 2],
  );

  await ask("any", { operation: "delete", ...at });
  assert.equal(
    ((await ask("any", { operation: "versions", ...at }))["payload"] as { deleted: boolean }[])[0]?.deleted,
    true,
  );
  const rules = await ask("any", { operation: "expire", bucket, prefix: "logs/", days: 7 });
  assert.deepEqual(rules["payload"], [{ prefix: "logs/", days: 7 }]);
  assert.deepEqual((await ask("any", { operation: "expire", bucket, prefix: "logs/", days: 0 }))["payload"], []);
  const link = String((await ask("any", { operation: "link", bucket, key: "recipes/b", minutes: 5 }))["payload"]);
  assert.match(link, /^http:\/\/.*\/fplus\/objects\/s\/plant\/recipes\/b\?method=GET&expires=\d+&signature=[\w-]+$/);
});

test("everything moves to another store", async (t) => {
  const nodes = [
    { id: "n-move", operation: "transfer", toStore: "second" },
    { id: "n-nowhere", operation: "transfer" },
  ];
  const other = { id: "second", type: "fplus-object-store", name: "Other", engine: "embedded", folder: "other" };
  const user = temporaryFolder(t);
  const node = await loadFlow(user, [objectStore, objects], [...flowOf({}, nodes), other]);
  const ask = asker(node);
  for (const bucket of ["one", "two"]) await ask("any", { operation: "put", bucket, key: "x", payload: bucket });
  assert.deepEqual((await ask("n-move", {}))["payload"], { copied: 2, present: 0, bytes: 6, failures: 0, failed: [] });
  assert.deepEqual(((await ask("n-move", { bucket: "two" }))["payload"] as { present: number }).present, 1);
  assert.ok(existsSync(path.join(user, "fplus/other/buckets/two")));
});

test("what is wrong names the field, and the next message works", async (t) => {
  const nodes = [
    { id: "n-images", operation: "put", allow: "image/*" },
    { id: "n-json", operation: "get", output: "json" },
  ];
  const catcher = { id: "c", type: "catch", z: "tab", scope: null, uncaught: false, wires: [["caught"]] };
  const flow = flowOf({}, nodes);
  const node = await loadFlow(
    temporaryFolder(t),
    [objectStore, objects],
    [...flow, catcher, { id: "caught", type: "helper", z: "tab" }],
  );
  const wrong = async (id: string, msg: Record<string, unknown>): Promise<unknown> => {
    const caught = nextMessage(node("caught"));
    node(id).receive(msg);
    const { error } = (await caught) as { error?: { message?: string } };
    return /(objects[\w.-]+):.*\[(\w+)\]/.exec(error?.message ?? "")?.slice(1);
  };
  const at = { bucket: "plant", key: "a" };
  assert.deepEqual(await wrong("any", { operation: "get", ...at }), ["objects.missing", "bucket"]);
  assert.deepEqual(await wrong("any", { operation: "explode" }), ["objects.request", "operation"]);
  assert.deepEqual(await wrong("any", { operation: "get", bucket: "plant" }), ["objects.request", "key"]);
  assert.deepEqual(await wrong("any", { operation: "put", ...at }), ["objects.request", "payload"]);
  assert.deepEqual(await wrong("any", { operation: "put", bucket: "plant", key: "../../x", payload: "x" }), [
    "objects.name",
    "key",
  ]);
  assert.deepEqual(await wrong("n-images", { ...at, payload: "MZ program", contentType: "image/png" }), [
    "objects.content-type",
    "contentType",
  ]);
  assert.deepEqual(await wrong("any", { operation: "put", ...at, payload: "x", sha256: "0".repeat(64) }), [
    "objects.checksum",
    "sha256",
  ]);
  await asker(node)("any", { operation: "put", ...at, payload: "no json" });
  assert.deepEqual(await wrong("n-json", at), ["objects.request", "output"]);
  assert.deepEqual(await wrong("any", { operation: "link", ...at, minutes: "soon" }), ["objects.request", "minutes"]);
});

test("without a store node the plant's own is used, or the one that the plant names", async (t) => {
  const user = temporaryFolder(t);
  const own = {
    id: "n-put",
    ...NODE,
    ...REST,
    store: "",
    operation: "put",
    bucket: "plant",
    key: "x",
    wires: [["out"]],
  };
  const node = await loadFlow(user, [objects], [TAB, own, { id: "out", type: "helper", z: "tab" }]);
  await asker(node)("n-put", { payload: "x" });
  assert.ok(existsSync(path.join(user, "fplus/objects/buckets/plant")));
  await unloadFlow();
  const named = [
    TAB,
    own,
    { id: "out", type: "helper", z: "tab" },
    {
      id: "p",
      type: "fplus-plant",
      name: "Plant",
      folder: path.join(user, "elsewhere"),
      historian: "",
      objects: "s",
      broker: "",
    },
    { id: "s", type: "fplus-object-store", name: "Files", engine: "embedded", folder: "files", linkAddress: "" },
  ];
  const other = await loadFlow(user, [plant, objectStore, objects], named);
  await asker(other)("n-put", { payload: "x" });
  assert.ok(existsSync(path.join(user, "elsewhere/files/buckets/plant")));
});
