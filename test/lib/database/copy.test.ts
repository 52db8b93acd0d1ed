import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { copyDatabase, migrate, openDatabase, optionsOfUrl, plantSchema } from "../../../lib/database/index.ts";
import { openFolder, postgresPrograms, startPostgres } from "../../support/postgres.ts";
import { missing } from "../../support/services.ts";

test("the embedded database is copied to a server, verified, with keys, references, counters and odd names", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { port } = await startPostgres(t);
  const from = openDatabase({
    engine: "embedded",
    directory: path.join(openFolder(t), "database"),
    program: "postgres",
  });
  const to = openDatabase(optionsOfUrl(`postgres://tester:secret@127.0.0.1:${port}/plant`));
  await migrate(from, plantSchema);
  await from.query(`CREATE SCHEMA "Shop Floor";
    CREATE TABLE "Shop Floor"."Order ""1""" (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, who text NOT NULL DEFAULT 'it''s',
      price numeric(10, 2) CHECK (price > 0), twice numeric GENERATED ALWAYS AS (price * 2) STORED, raw bytea, tags text[], doc jsonb,
      ratio float8, at timestamptz, day date, UNIQUE (who, price));
    CREATE INDEX by_day ON "Shop Floor"."Order ""1""" (day DESC) WHERE day IS NOT NULL;
    CREATE TABLE lines (order_id integer REFERENCES "Shop Floor"."Order ""1""" (id) ON DELETE CASCADE, text text);
    CREATE TABLE nothing (x int);
    CREATE VIEW seen AS SELECT * FROM lines`);
  await from.query(
    `INSERT INTO "Shop Floor"."Order ""1""" (who, price, raw, tags, doc, ratio, at, day)
     SELECT 'Ü, "quoted" \\ ' || g, g / 7.0 + 1, decode(md5(g::text), 'hex'), ARRAY['a,b', NULL, 'c"d'], CASE WHEN g % 3 = 0 THEN 'null'::jsonb ELSE '{"a": [1.10, null]}' END,
       CASE WHEN g = 5 THEN 'NaN' ELSE g / 3.0 END, timestamptz '2026-03-29 01:30:00.123456+02' + g * interval '1 hour', CASE WHEN g > 9 THEN date '2026-01-01' + g END
     FROM generate_series(1, 2500) g`,
  );
  await from.query('INSERT INTO lines SELECT id, repeat(who, 3) FROM "Shop Floor"."Order ""1""" WHERE id % 2 = 0');

  const seen: string[] = [];
  const report = await copyDatabase(from, to, ({ table, rows }) => seen.push(`${table} ${rows}`));
  assert.ok(seen.includes('"Shop Floor"."Order ""1""" 2500'));
  assert.ok(seen.includes("public.lines 1250") && seen.includes("public.nothing 0"));
  assert.equal(report.tables.length, 8);
  assert.deepEqual(report.left, []);
  assert.equal((await to.query("SELECT * FROM seen")).rows.length, 1250);
  const everything = 'SELECT * FROM "Shop Floor"."Order ""1""" ORDER BY id';
  assert.deepEqual((await to.query(everything)).rows, (await from.query(everything)).rows);
  const insert = `INSERT INTO "Shop Floor"."Order ""1""" (who, price) VALUES ('next', $1) RETURNING id, n, twice`;
  assert.deepEqual((await to.query(insert, [3])).rows, [{ id: 2501, n: 2501, twice: 6 }]);
  await assert.rejects(to.query(insert, [-1]), { status: "23514" });
  await assert.rejects(to.query("INSERT INTO lines VALUES (99999, 'x')"), { status: "23503" });
  const { rows: indexes } = await to.query("SELECT indexdef FROM pg_indexes WHERE indexname = 'by_day'");
  assert.match(String(indexes[0]?.["indexdef"]), /DESC.*WHERE \(day IS NOT NULL\)/);
  assert.deepEqual(await migrate(to, plantSchema), { from: 4, to: 4, adopted: [] }, "the plant goes on there");
  await assert.rejects(copyDatabase(from, to), {
    code: "database.engine",
    hint: "Take an empty database, or have what is there replaced.",
  });
  await Promise.all([from.close(), to.close()]);
});
