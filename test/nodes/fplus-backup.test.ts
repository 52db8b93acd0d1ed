import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, test, type TestContext } from "node:test";
import { openDatabase } from "../../lib/database/index.ts";
import { type BackupReport, restore, type ShelvedBackup } from "../../lib/operations/index.ts";
import { openObjects } from "../../lib/objects/index.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import backup from "../../nodes/fplus-backup/fplus-backup.ts";
import objectStore from "../../nodes/fplus-object-store/fplus-object-store.ts";
import plant from "../../nodes/fplus-plant/fplus-plant.ts";
import sql from "../../nodes/fplus-sql/fplus-sql.ts";
import { loadFlow, type TestNode, unloadFlow } from "../support/nodes.ts";
import { openFolder } from "../support/postgres.ts";
import { until } from "../support/until.ts";

afterEach(async () => {
  await unloadFlow();
  await processLeases.closeAll();
});
after(() => processLeases.closeAll());

const KEY = "a key of the plant";
const PRESET = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../flows/backup.json"), "utf8")) as Record<
  string,
  unknown
>[];
const FIELDS = { ...PRESET.find(({ id }) => id === "fplus-backup-node")!, action: "list", schedule: "none" };

/** One node that does what the message says, and a way to ask it. */
async function start(t: TestContext, more: object, credentials: object = {}) {
  const user = openFolder(t);
  writeFileSync(path.join(user, "flows.json"), '[{"id":"tab","type":"tab"}]');
  writeFileSync(path.join(user, "flows_cred.json"), '{"$":"encrypted"}');
  const flow = [
    { id: "tab", type: "tab" },
    {
      id: "plant",
      type: "fplus-plant",
      name: "Line 1",
      folder: path.join(user, "plant"),
      historian: "",
      objects: "",
      search: "",
      broker: "",
      database: "",
      cache: "",
    },
    { ...FIELDS, id: "backup", z: "tab", action: "message", wires: [["out"]], ...more },
    {
      id: "sql",
      type: "fplus-sql",
      z: "tab",
      x: 1,
      y: 1,
      database: "",
      action: "query",
      query: "",
      params: "params",
      output: "rows",
      batchRows: "",
      pace: "free",
      timeout: "",
      isolation: "",
      wires: [["out"]],
    },
    { id: "out", type: "helper", z: "tab" },
  ];
  const node = await loadFlow(user, [plant, objectStore, backup, sql], flow, credentials);
  const heard: Record<string, unknown>[] = [];
  node("out").on("input", (msg) => heard.push(msg));
  const ask = async (id: string, msg: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const count = heard.length;
    node(id).receive(msg);
    await until(`an answer to ${JSON.stringify(msg)}`, () => {
      return heard.length > count;
    });
    return heard[count]!;
  };
  return { user, node, ask, heard };
}

const statusOf = (node: TestNode): string => (node.status.args.at(-1)?.[0] as { text: string } | undefined)?.text ?? "";

test("messages make, list, verify and delete backups, and what was made restores the database and the flows", async (t) => {
  const { user, node, ask } = await start(
    t,
    { buckets: "configs", history: "days" },
    { backup: { encryptionKey: KEY } },
  );
  await ask("sql", { query: "CREATE TABLE parts (n int); INSERT INTO parts VALUES (1), (2); SELECT * FROM parts" });
  const made = await ask("backup", { action: "make" });
  const report = made["payload"] as BackupReport & { key: string };
  assert.match(report.key, /^line-1\/.*\.fpbackup$/);
  assert.deepEqual(
    [report.plant, report.encrypted, report.rows, report.parts],
    ["Line 1", true, 2, ["node-red", "database", "historian", "objects"]],
  );
  assert.deepEqual(report.left, ["bucket configs: there is none"]);
  const list = (await ask("backup", { action: "list" }))["payload"] as ShelvedBackup[];
  assert.deepEqual(
    list.map(({ key, size }) => [key, size]),
    [[report.key, report.size]],
  );
  const verified = (await ask("backup", { action: "verify" }))["payload"] as BackupReport;
  assert.equal(verified.sha256, report.sha256);
  await until("the status", () => /^(just now|\d min ago) · \d+ (bytes|kB) · 1 kept$/.test(statusOf(node("backup"))));
  const part = processHealth.snapshot().find(({ kind }) => kind === "backup");
  assert.deepEqual([part?.name, part?.status, part?.counters["made"]], ["fplus-backup", "up", 1]);

  const elsewhere = openFolder(t);
  const database = openDatabase({ engine: "embedded", directory: path.join(elsewhere, "database"), program: "pglite" });
  const objects = openObjects({ engine: "embedded", directory: path.join(elsewhere, "objects") });
  t.after(async () => {
    await database.close();
    await objects.close();
  });
  const store = processLeases.find(`objects ${path.join(user, "plant/objects")}`) as typeof objects;
  const open = async (): Promise<AsyncIterable<Buffer>> =>
    (await store.get({ bucket: "backups", key: report.key })).stream as AsyncIterable<Buffer>;
  const places = {
    database,
    nodeRed: { userDir: path.join(elsewhere, "user"), stateDir: path.join(elsewhere, "plant") },
  };
  await restore(open, places, { passphrase: KEY, only: ["database", "node-red"] });
  assert.deepEqual((await database.query("SELECT n FROM parts ORDER BY n")).rows, [{ n: 1 }, { n: 2 }]);
  assert.equal(readFileSync(path.join(elsewhere, "user/flows_cred.json"), "utf8"), '{"$":"encrypted"}');

  const deleted = await ask("backup", { action: "delete", key: report.key });
  assert.deepEqual(deleted["payload"], { key: report.key });
  assert.deepEqual((await ask("backup", { action: "list" }))["payload"], []);
});

test("one that is due is made by itself and sent; what is wrong names its field", async (t) => {
  const { node, heard } = await start(t, { schedule: "day", at: "02:00", action: "make", tables: false });
  await until("the first backup", () => heard.length > 0);
  assert.deepEqual([heard[0]!["topic"], heard[0]!["action"]], ["backup", "make"]);
  assert.equal((heard[0]!["payload"] as BackupReport).encrypted, false);
  await until("the status", () => statusOf(node("backup")).endsWith("1 kept"));
});

const CATCH = [
  { id: "tab", type: "tab" },
  { id: "catch", type: "catch", z: "tab", x: 1, y: 1, scope: null, wires: [["caught"]] },
  { id: "caught", type: "helper", z: "tab" },
];
const sentence = (msg: Record<string, unknown>): string => (msg["error"] as { message: string }).message;

test("a wrong field is said with its name to whoever sends a message", async (t) => {
  const wrong: Readonly<Record<string, object>> = {
    hours: { schedule: "hours", hours: "0" },
    bucket: { bucket: "No!" },
    buckets: { buckets: "configs, backups" },
    daily: { daily: "-1" },
    historyDays: { history: "days", historyDays: "none" },
    warnHours: { warnHours: "soon" },
    at: { schedule: "day", at: "noon" },
    cron: { schedule: "cron", cron: "whenever" },
  };
  const nodes = Object.entries(wrong).map(([field, values]) => ({
    ...FIELDS,
    id: field,
    z: "tab",
    wires: [],
    ...values,
  }));
  const node = await loadFlow(openFolder(t), [backup], [...CATCH, ...nodes]);
  const caught: string[] = [];
  node("caught").on("input", (msg) => caught.push(sentence(msg)));
  for (const field of Object.keys(wrong)) {
    node(field).receive({});
    await until(`the error of ${field}`, () =>
      caught.some((text) => text.includes("config.invalid: ") && text.includes(`[${field}]`)),
    );
  }
});

test("a message without an action, or to delete without a key, goes to Catch nodes", async (t) => {
  const one = { ...FIELDS, id: "backup", z: "tab", action: "message", wires: [[]] };
  const node = await loadFlow(openFolder(t), [backup], [...CATCH, one]);
  const caught: string[] = [];
  node("caught").on("input", (msg) => caught.push(sentence(msg)));
  const cases: [object, RegExp][] = [
    [{}, /backup\.target: there is no action in the message \[action\]/],
    [{ action: "explode" }, /no action "explode"/],
    [{ action: "delete" }, /no backup is named \[key\]/],
    [{ action: "delete", key: "other/file" }, /is no backup of Plant \[key\]/],
    [{ action: "verify" }, /objects\.missing/],
  ];
  for (const [msg, expected] of cases) {
    node("backup").receive(msg as Record<string, unknown>);
    await until(String(expected), () => caught.some((text) => expected.test(text)));
  }
});
