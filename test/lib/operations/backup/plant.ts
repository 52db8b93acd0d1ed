import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  type Database,
  type DatabaseOptions,
  dumpDatabase,
  migrate,
  openDatabase,
  plantSchema,
} from "../../../../lib/database/index.ts";
import { type HistorianStore, openHistorian } from "../../../../lib/historian/index.ts";
import { type ObjectsOptions, type ObjectStore, openObjects } from "../../../../lib/objects/index.ts";
import type { BackupPlaces, NodeRedPlace } from "../../../../lib/operations/index.ts";
import { SampleBatch, signals, ValueType } from "../../../../lib/sample/index.ts";

export const KEY = "correct horse battery";
export const OPTIONS = { plant: "Werk Süd 1", version: "0.1.0", passphrase: KEY, buckets: ["configs"] };

/** A plant's stores, with something in each. */
export interface SmallPlant extends Required<BackupPlaces> {
  readonly nodeRed: NodeRedPlace;
  readonly database: Database;
  readonly historian: HistorianStore;
  readonly objects: ObjectStore;
  close(): Promise<void>;
}

/** Opens a plant in a folder: the stores of those options, or embedded ones. */
export function openSmallPlant(
  folder: string,
  database: DatabaseOptions = { engine: "embedded", directory: path.join(folder, "database") },
  objects: ObjectsOptions = { engine: "embedded", directory: path.join(folder, "objects") },
): SmallPlant {
  const stores = {
    database: openDatabase({ ...database, statementMs: 0 }),
    historian: openHistorian({ engine: "embedded", directory: path.join(folder, "historian") }),
    objects: openObjects(objects),
  };
  return {
    ...stores,
    nodeRed: { userDir: path.join(folder, "user"), stateDir: path.join(folder, "user/fplus") },
    async close() {
      for (const store of Object.values(stores)) await store.close();
    },
  };
}

/** Puts something into everything. */
export async function fillPlant({ database, historian, objects, nodeRed }: SmallPlant): Promise<void> {
  await migrate(database, plantSchema);
  await database.query(`CREATE TABLE parts (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, raw bytea, doc jsonb, at timestamptz);
    CREATE VIEW good AS SELECT * FROM parts WHERE name LIKE 'g%'`);
  await database.query(
    `INSERT INTO parts (name, raw, doc, at) SELECT 'g' || g || E'\n"ü', decode(md5(g::text), 'hex'), '{"a": [1.10, null]}', now() + g * interval '1 s' FROM generate_series(1, 3000) g`,
  );
  await database.query("INSERT INTO organizations (id, name) VALUES (gen_random_uuid(), 'Acme')");

  const [number, text] = ["Number", "Text"].map((metric) =>
    signals.intern({ source: "backup", device: "Press01", metric, unit: "Cel", hierarchy: ["Acme"] }),
  );
  const batch = new SampleBatch(5000);
  for (let i = 0; i < 4000; i++)
    batch.addValue(number!.id, ValueType.Double, i / 3, Date.now() - 10_000 + i, 500, i % 100 === 0 ? 0x80000000 : 0);
  for (let i = 0; i < 100; i++)
    batch.addValue(text!.id, ValueType.String, i % 7 === 0 ? null : `text ${i} "ü"`, Date.now() - 10_000 + i);
  await historian.open();
  await historian.write(batch);

  await objects.put("configs", "lines/line1.json", '{"line": 1}', { metadata: { author: "Zoë" } });
  await objects.put("configs", "empty.txt", "", { contentType: "text/plain" });
  await objects.put("configs", "photo.bin", Buffer.alloc(700_000, 7));
  await objects.put("scratch", "not-in-it", "x");

  const { userDir, stateDir } = nodeRed;
  mkdirSync(path.join(stateDir, "pki/client/own"), { recursive: true });
  const files = {
    "flows.json": '[{"id":"1","type":"tab"}]',
    "flows_cred.json": '{"$":"encrypted by Node-RED"}',
    "package.json": '{"dependencies":{"node-red-contrib-x":"1.0.0"}}',
    ".config.runtime.json": '{"_credentialSecret":"the key"}',
    "fplus/pki/client/own/key.pem": "a private key",
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(userDir, name), content);
}

/** SHA-256 of all that the plant holds, told in an order of its own. */
export async function fingerprint(
  { database, historian, objects, nodeRed }: SmallPlant,
  parts = ["files", "database", "historian", "objects"],
): Promise<string> {
  const hash = createHash("sha256");
  const told: Record<string, () => Promise<void>> = {
    async files() {
      for (const name of [
        "flows.json",
        "flows_cred.json",
        "package.json",
        ".config.runtime.json",
        "fplus/pki/client/own/key.pem",
      ]) {
        const file = path.join(nodeRed.userDir, name);
        hash.update(`${name} ${existsSync(file) ? readFileSync(file, "utf8") : "none"}\n`);
      }
    },
    async database() {
      const lines: string[] = [];
      await database.transaction(
        async (session) => {
          for await (const part of dumpDatabase(session)) {
            if (part.kind === "rows") lines.push(...part.rows.map((row) => `${part.table} ${row}`));
            else lines.push(JSON.stringify(part));
          }
        },
        { isolation: "repeatable read", readOnly: true },
      );
      hash.update(lines.sort().join("\n"));
    },
    async historian() {
      await historian.open();
      for (const series of await historian.query({ signals: ["**"], from: 0, to: Date.now() + 1e6 })) {
        const { path: name, time, value, text, status } = series;
        hash.update(JSON.stringify([name, [...time], [...value], text, status === undefined ? [] : [...status]]));
      }
    },
    async objects() {
      for (const { key } of (await objects.list("configs", { recursive: true })).objects) {
        const { size, sha256, metadata, contentType } = await objects.stat({ bucket: "configs", key });
        hash.update(JSON.stringify([key, size, sha256, metadata, contentType]));
      }
    },
  };
  for (const part of parts) await told[part]!();
  return hash.digest("hex");
}

/** Deletes everything that a plant holds, as a new machine would have it. */
export async function wipe(folder: string, { database, objects }: SmallPlant): Promise<void> {
  const { rows } = await database.query(
    "SELECT format('DROP TABLE %s CASCADE', c.oid::regclass) AS sql FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
  );
  for (const { sql } of rows) await database.query(String(sql));
  for (const { key } of (await objects.list("configs", { recursive: true })).objects)
    await objects.delete({ bucket: "configs", key });
  rmSync(path.join(folder, "user"), { recursive: true, force: true });
}

/** The whole of a stream. */
export async function bytesOf(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Opens the same bytes again and again. */
export function opener(bytes: Buffer): () => Promise<AsyncIterable<Buffer>> {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
  }
  return () => Promise.resolve(pieces());
}
