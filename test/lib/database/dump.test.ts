import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { isDeepStrictEqual } from "node:util";
import {
  copyDatabase,
  type Database,
  dumpDatabase,
  type DumpPart,
  loadDatabase,
  migrate,
  openDatabase,
  optionsOfUrl,
  plantSchema,
} from "../../../lib/database/index.ts";
import { postgresPrograms, startPostgres } from "../../support/postgres.ts";
import { missing } from "../../support/services.ts";

/** Everything that a schema can have and that users do have. */
const EVERYTHING = `
CREATE SCHEMA "Shop Floor";
CREATE TYPE "Shop Floor".state AS ENUM ('it''s running', 'stopped', 'Störung');
CREATE DOMAIN percent AS numeric(5, 2) DEFAULT 0 CONSTRAINT percent_range CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE size AS (width int, "Height" double precision);
CREATE SEQUENCE parts_number START 1000 INCREMENT 10 CYCLE;
CREATE FUNCTION next_part() RETURNS text LANGUAGE sql AS $$ SELECT 'P' || nextval('public.parts_number') $$;
CREATE TABLE "Shop Floor".machines (
  id integer GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 5) PRIMARY KEY, old serial, name text COLLATE "C" NOT NULL UNIQUE,
  state "Shop Floor".state DEFAULT 'stopped', load percent, box size, twice numeric GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE parts (number text DEFAULT next_part() PRIMARY KEY, machine int REFERENCES "Shop Floor".machines (id) ON DELETE CASCADE DEFERRABLE,
  raw bytea, tags text[], doc jsonb, ratio float8, at timestamptz, day date, took interval, mask bit(5), net inet, spans int4range,
  CONSTRAINT positive CHECK (ratio > 0 OR ratio IS NULL), EXCLUDE USING gist (spans WITH &&));
CREATE INDEX parts_by_day ON parts (day DESC, lower(number)) WHERE day IS NOT NULL;
CREATE TABLE readings (machine int, at timestamptz, value float8) PARTITION BY RANGE (at);
CREATE TABLE readings_2026 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE readings_rest PARTITION OF readings DEFAULT;
CREATE INDEX readings_at ON readings (at);
CREATE UNLOGGED TABLE scratch (x int);
CREATE TABLE blank ();
CREATE FUNCTION describe(m "Shop Floor".machines) RETURNS text LANGUAGE sql AS $$ SELECT m.name || '?' $$;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.day := coalesce(NEW.day, NEW.at::date); RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE VIEW busy AS SELECT 1 AS name;
CREATE VIEW newer AS SELECT id, name FROM "Shop Floor".machines WHERE state = 'it''s running';
DROP VIEW busy; CREATE VIEW busy AS SELECT name FROM newer;
CREATE MATERIALIZED VIEW totals AS SELECT machine, count(*) AS n FROM parts GROUP BY machine;
CREATE UNIQUE INDEX totals_machine ON totals (machine);
COMMENT ON TABLE parts IS 'Was gemacht wurde; it''s all here';
COMMENT ON COLUMN parts.ratio IS 'good / all';
INSERT INTO "Shop Floor".machines (name, state, load, box) SELECT 'Press ' || g, CASE WHEN g % 2 = 0 THEN 'it''s running' ELSE 'Störung' END::"Shop Floor".state,
  g, (g, (g / 3.0)::float8)::size FROM generate_series(1, 40) g;
INSERT INTO parts (machine, raw, tags, doc, ratio, at, took, mask, net, spans) SELECT 5 * (1 + g % 40), decode(md5(g::text), 'hex'), ARRAY['a,b', NULL, E'c"d\\n'],
  CASE WHEN g % 3 = 0 THEN 'null'::jsonb ELSE '{"a": [1.10, null]}' END, g / 3.0, timestamptz '2026-03-29 01:30:00.123456+02' + g * interval '1 hour',
  g * interval '1 day 2 seconds', g::bit(5), '10.0.0.1', int4range(g * 2, g * 2 + 1) FROM generate_series(1, 2500) g;
INSERT INTO readings SELECT g, timestamptz '2025-12-30' + g * interval '1 hour', CASE g WHEN 7 THEN 'NaN' WHEN 8 THEN '-Infinity' ELSE g / 7.0 END FROM generate_series(1, 100) g;
INSERT INTO scratch VALUES (1);
REFRESH MATERIALIZED VIEW totals`;

/** The server's own account of a database, to the letter and line by line. */
function pgDump(port: number, database: string): string[] {
  const text = execFileSync(
    path.join(postgresPrograms!, "pg_dump"),
    ["-h", "127.0.0.1", "-p", String(port), "-U", "tester", database],
    { env: { ...process.env, PGPASSWORD: "secret", PGTZ: "UTC" }, maxBuffer: 1 << 28 },
  ).toString();
  // Newer programs put a random word around the text.
  return text.replaceAll(/^\\(un)?restrict .*$/gm, "").split("\n");
}

async function twoDatabases(t: TestContext): Promise<{ port: number; from: Database; to: Database }> {
  const { port } = await startPostgres(t);
  const open = (name: string): Database =>
    openDatabase({ ...optionsOfUrl(`postgres://tester:secret@127.0.0.1:${port}/${name}`), statementMs: 0 });
  const from = open("plant");
  await from.query("CREATE DATABASE other");
  const to = open("other");
  t.after(() => Promise.all([from.close(), to.close()]));
  return { port, from, to };
}

test("what was loaded is the same to pg_dump as what was dumped, with everything that a schema can have", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { port, from, to } = await twoDatabases(t);
  await migrate(from, plantSchema);
  for (const sql of EVERYTHING.split(/;\n/)) await from.query(sql);
  // Another session's habits do not change what is written.
  await from.query(
    "ALTER DATABASE plant SET datestyle = 'SQL, DMY'; ALTER DATABASE plant SET timezone = 'Asia/Kolkata'",
  );
  const report = await copyDatabase(from, to);
  assert.deepEqual(report.left, []);
  const [before, after] = [pgDump(port, "plant"), pgDump(port, "other")];
  assert.ok(before.length > 2500);
  assert.deepEqual(
    after.filter((line) => !before.includes(line)),
    [],
  );
  assert.ok(isDeepStrictEqual(after, before), String(before.find((line, i) => line !== after[i])));

  await to.query("INSERT INTO parts (machine) VALUES (5); DROP TABLE scratch; CREATE TABLE mine (x percent)");
  await assert.rejects(copyDatabase(from, to), { code: "database.engine", field: /\w/ });
  await from.transaction((source) =>
    to.transaction((target) => loadDatabase(target, dumpDatabase(source), { replace: true })),
  );
  assert.ok(isDeepStrictEqual(pgDump(port, "other"), before), "replaced as a whole");
});

test("a dump that breaks off or was changed leaves the database as it was", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { port, from, to } = await twoDatabases(t);
  await from.query("CREATE TABLE a (x int); INSERT INTO a SELECT generate_series(1, 3000); CREATE TABLE b (y text)");
  await to.query("CREATE TABLE old (x int); INSERT INTO old VALUES (1)");
  const before = pgDump(port, "other");
  const parts: DumpPart[] = [];
  await from.transaction(async (source) => {
    for await (const part of dumpDatabase(source)) parts.push(part);
  });
  async function* given(changed: readonly DumpPart[]): AsyncGenerator<DumpPart> {
    yield* changed;
  }
  const replacing = (changed: readonly DumpPart[]): Promise<unknown> =>
    to.transaction((target) => loadDatabase(target, given(changed), { replace: true }));
  const rows = parts.findIndex((part) => part.kind === "rows" && part.rows.length > 0);
  await assert.rejects(replacing(parts.toSpliced(rows, 1)), { code: "database.engine", field: "public.a" });
  await assert.rejects(replacing(parts.slice(0, -1)), /ends before its last table/);
  await assert.rejects(replacing(parts.slice(1)), /rows of no table/);
  assert.deepEqual(pgDump(port, "other"), before);
  await replacing(parts);
  assert.ok(pgDump(port, "other").includes("2999"));
});

test("a table that somebody has open is not waited for without end", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { from, to } = await twoDatabases(t);
  await to.query("CREATE TABLE old (x int)");
  const holder = await to.begin();
  await holder.query("INSERT INTO old VALUES (1)");
  const replacing = from.transaction((source) =>
    to.transaction((target) => loadDatabase(target, dumpDatabase(source), { replace: true })),
  );
  await assert.rejects(replacing, { code: "database.busy", hint: /Stop what uses the database/ });
  await holder.commit();
  assert.equal((await to.query("SELECT * FROM old")).rows.length, 1);
});
