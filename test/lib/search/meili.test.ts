import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { openSearch } from "../../../lib/search/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startMeiliStandIn } from "../../support/meili.ts";
import { freePorts } from "../../support/ports.ts";
import { searchContract } from "./contract.ts";

// There is no package of the server: this runs against one that the environment names.
test("MeiliSearch is a search engine", async (t) => {
  const url = process.env["MEILI_URL"];
  if (url === undefined || url === "") return t.skip("MEILI_URL names no MeiliSearch");
  const key = process.env["MEILI_KEY"];
  await searchContract(t, async () => {
    const store = openSearch({ engine: "meilisearch", url, ...(key ? { key } : {}) });
    await store.open();
    return store;
  });
});

test("the client speaks MeiliSearch's API", async (t) => {
  const server = await startMeiliStandIn(temporaryFolder(t), "key-of-the-test");
  t.after(() => server.stop());
  await searchContract(t, async () => {
    const store = openSearch({ engine: "meilisearch", url: server.url, key: "key-of-the-test" });
    await store.open();
    return store;
  });
  const seen = new Set(
    server.requests.map((request) =>
      request
        .replace(/\?.*$/, "")
        .replace(/[0-9a-f]{40}/, ":id")
        .replace(/\d+$/, ":n"),
    ),
  );
  for (const wanted of [
    "PATCH /indexes/devices/settings",
    "POST /indexes/devices/documents",
    "POST /indexes/devices/search",
    "POST /indexes/scratch/documents/delete-batch",
    "GET /indexes/scratch/documents/:id",
    "GET /tasks/:n",
  ]) {
    assert.ok(seen.has(wanted), `${wanted} in ${[...seen].join("; ")}`);
  }

  await t.test("a wrong key is refused by name", async () => {
    const store = openSearch({ engine: "meilisearch", url: server.url, key: "wrong" });
    await assert.rejects(store.open(), { code: "search.refused", field: "key" });
    assert.equal(store.health().status, "down");
    await assert.rejects(store.search("devices", "x"), { code: "search.refused" });
    assert.equal(store.health().status, "down");
    assert.ok(!JSON.stringify(store.health()).includes("wrong"));
    await store.close();
  });
});

test("a server that is away, or says nothing, is unreachable and named", async (t) => {
  const [port] = await freePorts(1);
  const away = openSearch({ engine: "meilisearch", url: `http://127.0.0.1:${port!}` });
  await assert.rejects(away.search("devices", "x"), { code: "search.unreachable", field: "url" });
  await away.close();
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    silent.close();
    silent.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const store = openSearch({ engine: "meilisearch", url, timeoutMs: 200 });
  await assert.rejects(store.search("devices", "x"), { code: "search.unreachable" });
  await store.close();
  assert.throws(() => openSearch({ engine: "meilisearch", url: "127.0.0.1:7700" }), {
    code: "config.invalid",
    field: "url",
  });
});
