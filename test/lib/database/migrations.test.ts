import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { test, type TestContext } from "node:test";
import {
  type Database,
  migrate,
  openDatabase,
  optionsOfUrl,
  plantSchema,
  type Row,
} from "../../../lib/database/index.ts";
import { openFolder, postgresPrograms, startPostgres } from "../../support/postgres.ts";
import { missing } from "../../support/services.ts";

/** The two definitions as the Factory+ document gives them, one for the Manager, one for the relational store. */
const MANAGER = `
CREATE TABLE organizations (
    id UUID PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    domain VARCHAR(255) UNIQUE,
    created_at TIMESTAMP,
    updated_at TIMESTAMP
);
CREATE TABLE devices (
    id UUID PRIMARY KEY,
    organization_id UUID REFERENCES organizations(id),
    name VARCHAR(255) NOT NULL,
    type VARCHAR(100),
    connection_config JSONB,
    status VARCHAR(50),
    created_at TIMESTAMP
);
CREATE TABLE data_schemas (
    id UUID PRIMARY KEY,
    organization_id UUID REFERENCES organizations(id),
    name VARCHAR(255) NOT NULL,
    version VARCHAR(50),
    schema_definition JSONB,
    created_at TIMESTAMP
);`;
const STORE = `
CREATE TABLE organizations (id UUID PRIMARY KEY, name VARCHAR(255) NOT NULL, domain VARCHAR(255) UNIQUE, created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE users (
    id UUID PRIMARY KEY,
    username VARCHAR(50) UNIQUE NOT NULL,
    email VARCHAR(100) UNIQUE NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    role VARCHAR(20) NOT NULL,
    organization_id UUID REFERENCES organizations(id),
    created_at TIMESTAMP DEFAULT NOW(),
    updated_at TIMESTAMP DEFAULT NOW()
);
CREATE TABLE devices (
    id UUID PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    type VARCHAR(50) NOT NULL,
    organization_id UUID REFERENCES organizations(id),
    connection_config JSONB,
    status VARCHAR(20) DEFAULT 'offline',
    last_seen TIMESTAMP,
    created_at TIMESTAMP DEFAULT NOW()
);
CREATE TABLE data_schemas (
    id UUID PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    version VARCHAR(20) NOT NULL,
    organization_id UUID REFERENCES organizations(id),
    schema_definition JSONB NOT NULL,
    is_active BOOLEAN DEFAULT true,
    created_at TIMESTAMP DEFAULT NOW()
);`;
const EMPTY = "DROP TABLE IF EXISTS data_schemas, devices, users, organizations, fplus_migrations";

/** Columns and constraints as the server knows them, in no certain order of columns. */
async function catalog(database: Database): Promise<readonly Row[]> {
  const columns = await database.query(
    `SELECT table_name, column_name, data_type, character_maximum_length AS length, is_nullable, column_default
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'fplus_migrations' ORDER BY 1, 2`,
  );
  const constraints = await database.query(
    `SELECT conrelid::regclass::text AS table_name, conname, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
       AND conrelid::regclass::text <> 'fplus_migrations' ORDER BY 1, 2`,
  );
  return [...columns.rows, ...constraints.rows];
}

async function migrations(t: TestContext, database: Database, another: Database): Promise<void> {
  await database.query(MANAGER);
  const manager = await catalog(database);
  await database.query(EMPTY);

  await t.test("version 1 is the Manager's definition, column for column", async () => {
    assert.deepEqual(await migrate(database, plantSchema, 1), { from: 0, to: 1, adopted: [] });
    assert.deepEqual(await catalog(database), manager);
    assert.ok(manager.length > 20);
  });

  await t.test("up, down and up again gives the same catalog", async () => {
    assert.deepEqual(await migrate(database, plantSchema), { from: 1, to: 4, adopted: [] });
    const newest = await catalog(database);
    assert.deepEqual(await migrate(database, plantSchema, 1), { from: 4, to: 1, adopted: [] });
    assert.deepEqual(await catalog(database), manager);
    await migrate(database, plantSchema, 0);
    assert.deepEqual(await catalog(database), []);
    await migrate(database, plantSchema);
    assert.deepEqual(await catalog(database), newest);
    assert.deepEqual(await migrate(database, plantSchema), { from: 4, to: 4, adopted: [] });
  });

  await t.test("both definitions are adopted where they ran before, and end in the same schema", async () => {
    const newest = await catalog(database);
    for (const [sql, adopted] of [
      [MANAGER, ["organizations", "devices", "data_schemas"]],
      [STORE, ["organizations", "devices", "data_schemas", "users"]],
    ] as const) {
      await database.query(EMPTY);
      await database.query(sql);
      const organization = randomUUID();
      await database.query("INSERT INTO organizations VALUES ($1, 'Acme', 'acme.example')", [organization]);
      assert.deepEqual(await migrate(database, plantSchema), { from: 0, to: 4, adopted });
      assert.deepEqual(await catalog(database), newest);
      assert.equal((await database.query("SELECT id FROM organizations")).rows[0]?.["id"], organization);
    }
  });

  await t.test("the statements of both definitions work, with the errors that they promise", async () => {
    const organization = randomUUID();
    const device =
      "INSERT INTO devices (id, organization_id, name, type, connection_config) VALUES ($1, $2, $3, $4, $5)";
    await database.query("INSERT INTO organizations (id, name, domain) VALUES ($1, 'B', 'b.example')", [organization]);
    const config = { protocol: "OPC UA", endpoint: "opc.tcp://plc:4840" };
    await database.query(device, [randomUUID(), organization, "x".repeat(255), null, config]);
    const { rows } = await database.query(
      "SELECT status, connection_config->>'endpoint' AS endpoint, created_at FROM devices",
    );
    assert.equal(rows[0]?.["status"], "offline");
    assert.equal(rows[0]?.["endpoint"], config.endpoint);
    assert.ok(
      Math.abs(new Date(String(rows[0]?.["created_at"])).getTime() - Date.now()) < 60_000,
      "UTC, whatever the zone",
    );
    const fails = (sql: string, parameters: unknown[], expected: object): Promise<void> =>
      assert.rejects(database.query(sql, parameters), expected);
    const again = "INSERT INTO organizations (id, name, domain) VALUES ($1, 'C', 'b.example')";
    await fails(again, [randomUUID()], { status: "23505", field: "organizations_domain_key" });
    await fails(device, [randomUUID(), randomUUID(), "D", null, {}], {
      status: "23503",
      field: "devices_organization_id_fkey",
    });
    await fails(device, [randomUUID(), organization, null, null, {}], { status: "23502", field: "name" });
    await fails(device, [randomUUID(), organization, "x".repeat(256), null, {}], { status: "22001" });
    await fails(device, ["device-001", organization, "D", null, {}], { status: "22P02" });
  });

  await t.test("instances that start at once migrate once", async () => {
    await database.query(EMPTY);
    const reports = await Promise.all([database, another].map((each) => migrate(each, plantSchema)));
    assert.deepEqual(new Set(reports.map(({ from }) => from)), new Set([0, 4]));
  });

  await t.test("a failing step leaves nothing, a changed or unknown one is refused by name", async () => {
    const bad = { version: 5, name: "bad", up: ["CREATE TABLE half (x int)", "SELECT nonsense"], down: [] };
    await assert.rejects(migrate(database, [...plantSchema, bad]), {
      code: "database.migration",
      field: "bad",
      status: "42703",
    });
    assert.equal((await database.query("SELECT to_regclass('half') AS half")).rows[0]?.["half"], null);
    const changed = plantSchema.map((migration) => ({ ...migration, down: [] }));
    await assert.rejects(migrate(database, changed), /migration 1 \(manager\) was changed/);
    await assert.rejects(migrate(database, plantSchema.slice(0, 3)), /has migration 4 \(endpoints\)/);
    await assert.rejects(migrate(database, plantSchema, 5), /no version 5/);
  });
}

async function largeLists(database: Database): Promise<void> {
  await database.query(EMPTY);
  await migrate(database, plantSchema);
  await database.query(`INSERT INTO organizations SELECT gen_random_uuid(), 'Works ' || g, 'works' || g || '.example' FROM generate_series(1, 2000) g;
    INSERT INTO devices (id, organization_id, name, type, connection_config)
      SELECT gen_random_uuid(), o.id, 'PLC ' || g, 'PLC', jsonb_build_object('protocol', 'OPC UA', 'endpoint', 'opc.tcp://plc-' || g || ':4840')
      FROM generate_series(1, 100000) g JOIN organizations o ON o.domain = 'works' || (g % 2000 + 1) || '.example';
    INSERT INTO data_schemas (id, organization_id, name, version, schema_definition)
      SELECT gen_random_uuid(), organization_id, name, '1.0.0', '{}' FROM devices LIMIT 20000;
    INSERT INTO users (id, username, email, password_hash, role, organization_id)
      SELECT gen_random_uuid(), 'user' || row_number() OVER (), 'user' || row_number() OVER (), 'x', 'viewer', organization_id FROM devices LIMIT 20000;
    ANALYZE`);
  const { rows } = await database.query("SELECT id FROM organizations WHERE domain = 'works7.example'");
  const organization = String(rows[0]?.["id"]);
  const lists: readonly (readonly [index: string, sql: string, ...parameters: unknown[]])[] = [
    ["devices_connection_config", "devices WHERE connection_config @> $1", { endpoint: "opc.tcp://plc-77777:4840" }],
    ["devices_by_endpoint", "devices WHERE connection_config->>'endpoint' = $1", "opc.tcp://plc-77777:4840"],
    ["devices_by_organization", "devices WHERE organization_id = $1 ORDER BY name, id LIMIT 50", organization],
    ["data_schemas_by_organization", "data_schemas WHERE organization_id = $1 ORDER BY name LIMIT 50", organization],
    ["users_by_organization", "users WHERE organization_id = $1 ORDER BY username LIMIT 50", organization],
    ["organizations_by_name", "organizations ORDER BY name, id LIMIT 50"],
    [
      "organizations_by_name",
      "organizations WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT 50",
      "Works 5",
      organization,
    ],
  ];
  for (const [index, list, ...parameters] of lists) {
    const plan = JSON.stringify((await database.query(`EXPLAIN SELECT * FROM ${list}`, parameters)).rows);
    assert.match(plan, new RegExp(index), plan);
    assert.doesNotMatch(plan, /Seq Scan/);
  }
  const found = await database.query(
    "SELECT name FROM devices WHERE connection_config @> $1 AND connection_config->>'endpoint' = $2",
    [{ endpoint: "opc.tcp://plc-77777:4840" }, "opc.tcp://plc-77777:4840"],
  );
  assert.deepEqual(found.rows, [{ name: "PLC 77777" }]);
}

test("migrations on a PostgreSQL server", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { port } = await startPostgres(t);
  const [first, second] = [1, 2].map(() =>
    openDatabase(optionsOfUrl(`postgres://tester:secret@127.0.0.1:${port}/plant`)),
  );
  await migrations(t, first!, second!);
  await t.test("lists of 100,000 devices read an index, also by what a connection says", () => largeLists(first!));
  await Promise.all([first!.close(), second!.close()]);
});

test("migrations on PGlite", async (t) => {
  const directory = path.join(openFolder(t), "database");
  const database = openDatabase({ engine: "embedded", directory, program: "pglite" });
  await migrations(t, database, database);
  await database.close();
});
