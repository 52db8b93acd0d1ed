import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, afterEach, test } from "node:test";
import { Client } from "minio";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import objectStore from "../../nodes/fplus-object-store/fplus-object-store.ts";
import objects from "../../nodes/fplus-objects/fplus-objects.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, nextMessage, redeploy, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(async () => {
  await unloadFlow();
  await processLeases.closeAll();
});
after(() => processLeases.closeAll());

const ACME = { slot: 1, name: "Acme", accessKey: "acme", buckets: "org-acme", rights: "write" };
const ZETA = { slot: 2, name: "Zeta", accessKey: "zeta", buckets: "org-zeta", rights: "write" };
const SECRETS = { secret1: "secret-of-acme", secret2: "secret-of-zeta" };

function flowOf(store: object): object[] {
  const rest = {
    bucket: "",
    key: "",
    source: "payload",
    output: "text",
    file: "",
    contentType: "",
    allow: "",
    listAs: "array",
  };
  return [
    { id: "tab", type: "tab" },
    {
      id: "any",
      type: "fplus-objects",
      z: "tab",
      x: 1,
      y: 1,
      ...rest,
      store: "s",
      operation: "message",
      wires: [["out"]],
    },
    {
      id: "text",
      type: "fplus-objects",
      z: "tab",
      x: 1,
      y: 1,
      ...rest,
      store: "s",
      operation: "get",
      wires: [["out"]],
    },
    { id: "s", type: "fplus-object-store", name: "Store", engine: "embedded", folder: "", ...store },
    { id: "out", type: "helper", z: "tab" },
  ];
}

const endpoint = () => processHealth.snapshot().find(({ kind }) => kind === "s3-endpoint");
const clientOf = (port: number, accessKey: string, secretKey: string, transportAgent?: http.Agent): Client =>
  new Client({
    endPoint: "127.0.0.1",
    port,
    useSSL: false,
    accessKey,
    secretKey,
    region: "us-east-1",
    retryOptions: { disableRetry: true },
    ...(transportAgent === undefined ? {} : { transportAgent }),
  });

test("programs read what the flow stores and the other way round; a redeploy keeps connection, upload and port", async (t) => {
  const user = temporaryFolder(t);
  const [port] = await freePorts(1);
  const flow = flowOf({ serve: true, servePort: String(port), keys: [ACME] });
  const node = await loadFlow(user, [objectStore, objects], flow, { s: SECRETS });
  await until("the endpoint", () => endpoint()?.status === "up");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const client = clientOf(port!, "acme", "secret-of-acme", agent);
  assert.deepEqual(
    (await client.listBuckets()).map(({ name }) => name),
    ["org-acme"],
  );
  await client.putObject("org-acme", "from/outside.txt", "from a program");
  const got = nextMessage(node("out"));
  node("text").receive({ bucket: "org-acme", key: "from/outside.txt" });
  assert.equal((await got)["payload"], "from a program");
  const put = nextMessage(node("out"));
  node("any").receive({ operation: "put", bucket: "org-acme", key: "from/flow.json", payload: { line: 1 } });
  await put;
  assert.equal((await client.statObject("org-acme", "from/flow.json")).metaData["content-type"], "application/json");

  // An upload is open while the store's node is made anew, with one key more.
  const uploadId = await client.initiateNewMultipartUpload("org-acme", "large", {});
  const part = { bucketName: "org-acme", objectName: "large", uploadID: uploadId, partNumber: 1, headers: {} };
  const { etag } = await client.uploadPart(part, Buffer.from("part"));
  const connection = Object.values(agent.freeSockets)[0]?.[0];
  const requests = endpoint()?.counters["requests"] ?? 0;
  await redeploy(flowOf({ serve: true, servePort: String(port), keys: [ACME, ZETA], name: "Store renamed" }), "nodes");
  const zeta = clientOf(port!, "zeta", "secret-of-zeta");
  await until("the new key", () => zeta.bucketExists("org-zeta").catch(() => false));
  await client.completeMultipartUpload("org-acme", "large", uploadId, [{ part: 1, etag }]);
  assert.equal((await client.statObject("org-acme", "large")).size, 4);
  assert.equal(Object.values(agent.freeSockets)[0]?.[0], connection);
  assert.ok((endpoint()?.counters["requests"] ?? 0) > requests, "the same endpoint counts on");
  await assert.rejects(zeta.listObjectsV2Query("org-acme", "", "", "", 10, ""), { code: "AccessDenied" });

  assert.ok(!JSON.stringify(processHealth.snapshot()).includes("secret-of"));

  await redeploy(flowOf({ serve: false, servePort: String(port), keys: [ACME] }), "nodes");
  await processLeases.closeAll();
  await assert.rejects(fetch(`http://127.0.0.1:${port!}/`), "nobody listens any more");
});

test("an endpoint that cannot be opened is said by its field, and the store works without it", async (t) => {
  const taken = http.createServer();
  taken.listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  for (const [store, secrets, said] of [
    [{ servePort: String(port), keys: [ACME] }, SECRETS, /port \d+ is taken/],
    [{ servePort: "9x", keys: [ACME] }, SECRETS, /servePort/],
    [{ servePort: "", keys: [] }, {}, /no access key/],
    [{ servePort: "", keys: [ACME] }, {}, /secret key of Acme is too short/],
  ] as const) {
    const node = await loadFlow(temporaryFolder(t), [objectStore, objects], flowOf({ serve: true, ...store }), {
      s: secrets,
    });
    await until("the error", () => node("s").error.args.length > 0);
    assert.match(String(node("s").error.args[0]?.[0]), said);
    const stored = nextMessage(node("out"));
    node("any").receive({ operation: "put", bucket: "plant", key: "a", payload: "works" });
    assert.equal(((await stored)["payload"] as { size: number }).size, 5);
    await unloadFlow();
    await processLeases.closeAll();
  }
});
