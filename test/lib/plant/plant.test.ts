import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { openPlant, processHealth, processLeases } from "../../../lib/plant/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { redisProgram, startRedis } from "../../support/redis.ts";
import { missing } from "../../support/services.ts";

const STORES = ["cache", "database", "historian", "objects", "search"];

const stores = (): (readonly string[])[] =>
  processHealth
    .snapshot()
    .filter(({ kind }) => STORES.includes(kind))
    .map(({ kind, mode, status }) => [kind, mode, status]);

test("with nothing installed a plant lists five embedded stores; one that is used says so, and none twice", async (t) => {
  const stateDir = path.join(temporaryFolder(t), "state");
  const plant = openPlant({ name: "Plant", stateDir });
  t.after(async () => {
    plant.retire();
    await processLeases.closeAll();
  });
  assert.deepEqual(
    stores(),
    STORES.map((kind) => [kind, "embedded", "off"]),
  );
  for (const part of processHealth.snapshot()) assert.match(part.detail, /not used yet/);

  const objects = plant.objects();
  assert.deepEqual(stores()[3], ["objects", "embedded", "off"], "only held");
  await objects.value.put("configs", "line1.json", "{}");
  assert.deepEqual(
    stores(),
    STORES.map((kind) => [kind, "embedded", kind === "objects" ? "up" : "off"]),
  );
  await objects.discard();
  assert.deepEqual(stores()[3], ["objects", "embedded", "off"]);

  plant.retire();
  assert.deepEqual(stores(), []);
});

test("with servers named it lists them as external, before and after the first use", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const redis = await startRedis(t);
  const servers = {
    FPLUS_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    FPLUS_DATABASE_URL: "postgres://plant:secret@127.0.0.1:5432/plant",
    FPLUS_INFLUX_URL: "http://127.0.0.1:8086",
    FPLUS_S3_URL: "http://127.0.0.1:9000",
    FPLUS_S3_ACCESS_KEY: "plant",
    FPLUS_S3_SECRET_KEY: "secret-of-s3",
    FPLUS_MEILI_URL: "http://127.0.0.1:7700",
  };
  Object.assign(process.env, servers);
  const plant = openPlant({ name: "Plant", stateDir: path.join(temporaryFolder(t), "state") });
  t.after(async () => {
    for (const name of Object.keys(servers)) delete process.env[name];
    plant.retire();
    await processLeases.closeAll();
  });
  assert.deepEqual(
    stores(),
    STORES.map((kind) => [kind, "external", "off"]),
  );
  const cache = plant.cache();
  await cache.value.set("speed", 1200);
  assert.deepEqual(stores()[0], ["cache", "external", "up"]);
  assert.doesNotMatch(JSON.stringify(processHealth.snapshot()), /secret/);
});

test("a wrong variable of the environment is a line that names it, and an error for those who use the store", async (t) => {
  const wrong = {
    FPLUS_REDIS_URL: "127.0.0.1:6379",
    FPLUS_DATABASE_URL: "postgres://plant:%zzsecret@127.0.0.1/plant",
    FPLUS_INFLUX_URL: "influx://plant:secret@127.0.0.1:8086",
    FPLUS_S3_URL: "s3://plant:secret@bucket",
    FPLUS_MEILI_URL: "meili:secret",
  };
  Object.assign(process.env, wrong);
  const plant = openPlant({ name: "Plant", stateDir: path.join(temporaryFolder(t), "state") });
  t.after(async () => {
    for (const name of [...Object.keys(wrong), "FPLUS_S3_ACCESS_KEY"]) delete process.env[name];
    plant.retire();
    await processLeases.closeAll();
  });
  assert.deepEqual(
    stores(),
    STORES.map((kind) => [kind, "external", "down"]),
  );
  const named = processHealth.snapshot().map(({ detail }) => detail.replace(/:.*/, ""));
  assert.deepEqual(named.sort(), Object.keys(wrong).sort());
  assert.doesNotMatch(JSON.stringify(processHealth.snapshot()), /secret/);
  assert.throws(() => plant.historian(), { code: "config.invalid", field: "FPLUS_INFLUX_URL" });
  assert.throws(() => plant.database(), { code: "config.invalid", field: "FPLUS_DATABASE_URL" });

  process.env["FPLUS_S3_URL"] = "http://127.0.0.1:9000";
  process.env["FPLUS_S3_ACCESS_KEY"] = "plant";
  assert.throws(() => plant.objects(), { field: "FPLUS_S3_SECRET_KEY" });
});
