import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import cacheStore from "../../nodes/fplus-cache-store/fplus-cache-store.ts";
import cache from "../../nodes/fplus-cache/fplus-cache.ts";
import historian from "../../nodes/fplus-historian/fplus-historian.ts";
import write from "../../nodes/fplus-historian-write/fplus-historian-write.ts";
import objectStore from "../../nodes/fplus-object-store/fplus-object-store.ts";
import objects from "../../nodes/fplus-objects/fplus-objects.ts";
import searchEngine from "../../nodes/fplus-search-engine/fplus-search-engine.ts";
import search from "../../nodes/fplus-search/fplus-search.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, nextMessage, redeploy, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

const REDEPLOYS = Number(process.env["FPLUS_TEST_REDEPLOYS"] ?? 60);

after(() => processLeases.closeAll());

test("redeploys of every store's nodes with other settings leave no file, thread, timer or listener behind", async (t) => {
  const user = temporaryFolder(t);
  const [port] = await freePorts(1);
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const flow = (n: number): object[] => [
    { id: "tab", type: "tab" },
    { id: "h", type: "fplus-historian", engine: "embedded", folder: "", retention: String(n % 2) },
    {
      id: "far",
      type: "fplus-historian",
      engine: "influx",
      url: `http://127.0.0.1:${port!}`,
      bucket: `b${n % 2}`,
      org: "",
    },
    { id: "o", type: "fplus-object-store", engine: "embedded", folder: `objects${n % 2}`, publicUrl: "" },
    { id: "s", type: "fplus-search-engine", engine: "embedded", folder: `search${n % 2}` },
    { id: "c", type: "fplus-cache-store", engine: "embedded", entries: String(100 + n), megabytes: "1" },
    ...[
      { id: "w", type: "fplus-historian-write", historian: "h" },
      { id: "fw", type: "fplus-historian-write", historian: "far" },
      {
        id: "put",
        type: "fplus-objects",
        store: "o",
        operation: "put",
        bucket: "plant",
        key: "a",
        source: "payload",
        allow: "",
      },
      {
        id: "up",
        type: "fplus-search",
        engine: "s",
        mode: "upsert",
        index: "docs",
        searchable: "",
        filterable: "",
        sortable: "",
        idFrom: "",
      },
      { id: "set", type: "fplus-cache", cache: "c", action: "set", key: "topic", keyType: "msg", ttl: "", when: "" },
    ].map((node) => ({ ...node, name: `number ${n}`, z: "tab", x: 1, y: 1, wires: [["out"], []] })),
    { id: "out", type: "helper", name: `number ${n}`, z: "tab", x: 1, y: 1 },
  ];
  let node = await loadFlow(
    user,
    [historian, write, objectStore, objects, searchEngine, search, cacheStore, cache],
    flow(0),
  );
  const message: Record<string, Record<string, unknown>> = {
    w: { topic: "Line1/Press/N", payload: 1 },
    fw: { topic: "Line1/Press/N", payload: 1 },
    put: { payload: "text" },
    up: { payload: { id: "1", text: "a" } },
    set: { topic: "key", payload: 1 },
  };
  const use = async (): Promise<void> => {
    for (const [id, msg] of Object.entries(message)) {
      const answered = nextMessage(node("out"));
      node(id).receive(msg);
      await answered;
    }
  };
  const open = (): number => readdirSync("/proc/self/fd").length;
  const resources = (): number => process.getActiveResourcesInfo().length;
  const parts = (): number => processHealth.snapshot().length;
  const settled = async (): Promise<number[]> => {
    await use();
    return [open(), resources(), parts()];
  };
  for (let n = 1; n <= 4; n++) await redeploy(flow(n));
  const before = await settled();
  for (let n = 5; n <= REDEPLOYS; n++) {
    await redeploy(flow(n % 2 === 0 ? n : n + 1));
    if (n % 10 === 0) await use();
  }
  if (REDEPLOYS % 2 === 1) await redeploy(flow(REDEPLOYS + 1));
  const [files = 0, active = 0, shown = 0] = before;
  // What closes does so in its own time.
  await until("everything of former deploys to be closed", async () => {
    const [nowFiles = 0, nowActive = 0, nowShown = 0] = await settled();
    return nowFiles <= files + 4 && nowActive <= active + 4 && nowShown <= shown;
  });
  assert.deepEqual(
    warnings.filter((text) => text.includes("MaxListeners")),
    [],
  );
  node = undefined as never;
  await unloadFlow();
});
