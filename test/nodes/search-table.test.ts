import assert from "node:assert/strict";
import { after, test } from "node:test";
import { migrate, openDatabase, optionsOfUrl, plantSchema } from "../../lib/database/index.ts";
import { processLeases } from "../../lib/plant/index.ts";
import type { SearchHit } from "../../lib/search/index.ts";
import database from "../../nodes/fplus-database/fplus-database.ts";
import search from "../../nodes/fplus-search/fplus-search.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";
import { openFolder, postgresPrograms, startPostgres } from "../support/postgres.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

after(() => processLeases.closeAll());

const NODE = {
  type: "fplus-search",
  z: "tab",
  engine: "",
  filter: "",
  facets: "",
  sort: "",
  limit: "100",
  highlight: false,
  output: "hits",
  searchable: "",
  filterable: "",
  sortable: "",
  idFrom: "",
  database: "d",
  table: "",
  columns: "",
  wires: [["out"]],
};

test("devices and schemas of the database are found as they change, whoever changes them", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const server = await startPostgres(t);
  const sql = openDatabase(optionsOfUrl(`postgres://tester:secret@127.0.0.1:${server.port}/plant`));
  t.after(() => sql.close());
  const place = { host: "127.0.0.1", port: String(server.port), databaseName: "plant", user: "tester", tls: "auto" };
  const flow = [
    { id: "tab", type: "tab" },
    { id: "d", type: "fplus-database", engine: "postgres", ...place, connections: "4", timeout: "20" },
    { ...NODE, id: "n-devices", mode: "table", table: "devices", index: "configurations" },
    {
      ...NODE,
      id: "n-schemas",
      mode: "table",
      table: "public.data_schemas",
      index: "schemas",
      columns: "name, version",
    },
    { ...NODE, id: "n-ask", mode: "message", index: "" },
    { id: "out", z: "tab", type: "helper" },
  ];
  const node = await loadFlow(openFolder(t), [database, search], flow, { d: { password: "secret" } });
  const find = async (index: string, payload: unknown): Promise<SearchHit[]> => {
    const answered = nextMessage(node("out"));
    node("n-ask").receive({ operation: "search", index, payload });
    return (await answered)["payload"] as SearchHit[];
  };
  const names = async (index: string, q: string): Promise<string[]> =>
    (await find(index, q)).map(({ name }) => String(name));
  const id = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;

  // The tables come after the flow, made by whoever makes them.
  await migrate(sql, plantSchema);
  const device = "INSERT INTO devices (id, name, type, connection_config) VALUES ($1, $2, $3, $4)";
  const config = { protocol: "OPC_UA", endpoint: "opc.tcp://plc-7:4840", password: "of-the-plc" };
  await sql.query(device, [id(1), "Hydraulic press", "PLC", config]);
  await sql.query(device, [id(2), "Cooling pump", "pump", { protocol: "MQTT", endpoint: "mqtt://pump" }]);
  await sql.query(
    "INSERT INTO data_schemas (id, name, version, schema_definition) VALUES ($1, 'Press', '1.0.0', '{}')",
    [id(3)],
  );
  const says = (): string => JSON.stringify(node("n-devices").status.args);
  await until("both tables", () => /2 indexed/.test(says()) && /1 indexed/.test(says()));

  await t.test("what is there is found by words, by typos and by what the connection says", async () => {
    assert.deepEqual(await names("configurations", "hydraulc"), ["Hydraulic press"]);
    assert.deepEqual(await names("configurations", "plc-7"), ["Hydraulic press"]);
    assert.deepEqual(await find("schemas", "press"), [{ id: id(3), name: "Press", version: "1.0.0" }]);
    const online = { q: "", filter: "status = offline AND type = pump" };
    assert.deepEqual((await find("configurations", online)).map(({ name }) => name), ["Cooling pump"]); // prettier-ignore
  });

  await t.test("a password of a connection is in no document", async () => {
    const all = await find("configurations", "");
    assert.equal(all.length, 2);
    assert.doesNotMatch(JSON.stringify(all), /of-the-plc|password/);
  });

  await t.test("inserted, updated, given another key, deleted, and all at once", async () => {
    await sql.query(device, [id(4), "Conveyor", "drive", {}]);
    await until("the new one", async () => (await names("configurations", "conveyor")).length === 1);
    await sql.query("UPDATE devices SET name = 'Belt', status = 'online' WHERE id = $1", [id(4)]);
    await until("its new name", async () => (await names("configurations", "belt")).length === 1);
    assert.deepEqual(await names("configurations", "conveyor"), []);
    await sql.query("UPDATE devices SET id = $1 WHERE id = $2", [id(5), id(4)]);
    await until("its new key", async () => (await find("configurations", "belt"))[0]?.id === id(5));
    assert.equal((await find("configurations", "belt")).length, 1);
    await sql.query("DELETE FROM devices WHERE id = $1", [id(5)]);
    await until("its end", async () => (await names("configurations", "belt")).length === 0);
    await sql.query("TRUNCATE data_schemas");
    await until("no schema", async () => (await find("schemas", "")).length === 0);
  });

  await t.test(
    "2,000 rows of one statement, and what changed while the server was away or nobody listened",
    async () => {
      await sql.query(
        "INSERT INTO devices (id, name, type) SELECT gen_random_uuid(), 'Sensor ' || g, 'sensor' FROM generate_series(1, 2000) g",
      );
      await until("all of them", async () => (await names("configurations", "2000")).includes("Sensor 2000"));
      const count = async (): Promise<number> => {
        const answered = nextMessage(node("out"));
        node("n-ask").receive({ operation: "facets", index: "configurations", payload: { facets: ["type"] } });
        return ((await answered)["payload"] as { type: Record<string, number> }).type["sensor"] ?? 0;
      };
      await until("each", async () => (await count()) === 2000);
      // The triggers are off while one is deleted, as if the listener had been away: the restart finds it.
      await sql.query("ALTER TABLE devices DISABLE TRIGGER USER");
      await sql.query("DELETE FROM devices WHERE name = 'Sensor 2000'");
      await sql.query("ALTER TABLE devices ENABLE TRIGGER USER");
      await server.stop();
      await server.start();
      await until("the refresh", async () => (await count()) === 1999);
    },
  );

  await unloadFlow();
  await processLeases.closeAll();
});
