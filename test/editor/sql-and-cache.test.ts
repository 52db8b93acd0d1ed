import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe } from "node:test";
import {
  closeDialog,
  deployExample,
  type Editor,
  editorOverPlant,
  openConfigDialog,
  openDialog,
  press,
  statusShows,
} from "../support/editor.ts";
import { postgresPrograms, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { missing } from "../support/services.ts";

declare const RED: Editor;

describe("SQL and the cache in the editor", () => {
  const editor = editorOverPlant();

  editor.test("a plant without SQL starts no database; the example does, and all of it works", async (page) => {
    assert.deepEqual(
      (await editor.plant.health()).filter(({ kind }) => kind === "database").map(({ status }) => status),
      ["off"],
    );
    await deployExample(page, "sql", "fplus-sql-tab");
    await statusShows(page, /rows · \d+ ms/, "fplus-sql-create");
    await statusShows(page, /\d+ heard/, "fplus-sql-listen");
    await page.evaluate(() => RED.actions.invoke("core:show-debug-tab"));
    await press(page, "fplus-sql-new");
    await statusShows(page, /1 row · /, "fplus-sql-insert");
    await statusShows(page, /^1 heard/, "fplus-sql-listen");
    await press(page, "fplus-sql-two");
    await page
      .locator(".red-ui-debug-msg", { hasText: /database\.constraint/ })
      .first()
      .waitFor();
    await press(page, "fplus-sql-million");
    await statusShows(page, /1000000/, "fplus-sql-total");
    await editor.screenshot("sql-example");
    const [part] = (await editor.plant.health()).filter(({ kind }) => kind === "database");
    assert.deepEqual([part?.status, part?.mode], ["up", "embedded"]);
  });

  editor.test(
    "the dialog lists tables, writes a column, tries a statement with values, refuses a change",
    async (page) => {
      await openDialog(page, "fplus-sql-report");
      await page.locator("#fplus-sql-dialog-query .view-line, #fplus-sql-dialog-query .ace_line").first().waitFor();
      await page.locator("#fplus-sql-dialog-try").click();
      await page.locator("#fplus-sql-dialog-result", { hasText: /^\d+ rows?, \d+ ms\.$/ }).waitFor();
      await editor.screenshot("sql-try");
      await page.locator("#fplus-sql-dialog-rows th", { hasText: "machine" }).waitFor();

      await page.locator("#fplus-sql-dialog-browse").click();
      await page.locator(".red-ui-treeList-label:visible", { hasText: "orders" }).click();
      await editor.screenshot("sql-tables");
      await page.locator(".red-ui-notification button", { hasText: "Close" }).click();
      await page.locator("#fplus-sql-dialog-query").click();
      const type = async (text: string): Promise<void> => {
        await page.keyboard.press("Control+a");
        await page.keyboard.insertText(text);
        await page.locator("#fplus-sql-dialog-try").click();
      };
      await type("SELECT :a::int + 1 AS next, :name AS name");
      await page.locator("#fplus-sql-dialog-value-a").fill("41");
      await page.locator("#fplus-sql-dialog-value-name").fill("Press 'A'");
      await page.locator("#fplus-sql-dialog-try").click();
      await page.locator("#fplus-sql-dialog-rows td", { hasText: /^42$/ }).waitFor();
      await editor.screenshot("sql-values");
      await page.locator("#fplus-sql-dialog-query").click();
      await type("DELETE FROM orders");
      await page.locator("#fplus-sql-dialog-result", { hasText: /must not change anything/ }).waitFor();
      await page.locator("#fplus-sql-dialog-query").click();
      await type("SELECT pg_sleep(0.3) AS slept");
      await page.locator("#fplus-sql-dialog-result", { hasText: /1 row, \d{3,} ms/ }).waitFor();
      await page.locator("#fplus-sql-dialog-query").click();
      await type("SELECT *\nFROM nowhere");
      await page.locator("#fplus-sql-dialog-result", { hasText: /line 2, column 6/ }).waitFor();
      await editor.screenshot("sql-error");
      await closeDialog(page, "cancel");
    },
    { refusals: true },
  );

  editor.test("the database dialog tests a server, says what is wrong, and shows no password", async (page, t) => {
    if (missing(t, "PostgreSQL", postgresPrograms)) return;
    const server: PostgresServer = await startPostgres(t);
    await openConfigDialog(page, "fplus-database", "fplus-sql-database");
    await editor.screenshot("database-embedded");
    await page.locator("#fplus-database-slow").click();
    const slow = page.locator(".fplus-slow-statement", { hasText: "pg_sleep(0.3)" });
    await slow.locator("summary").click();
    await slow.locator("pre", { hasText: "Result" }).waitFor();
    await editor.screenshot("database-slow");
    await page.locator(".red-ui-notification button", { hasText: "Close" }).click();
    await page.selectOption("#node-config-input-engine", "postgres");
    await page.fill("#node-config-input-port", String(server.port));
    await page.fill("#node-config-input-databaseName", "plant");
    await page.fill("#node-config-input-user", "tester");
    await page.fill("#node-config-input-password", "wrong");
    await page.locator("#fplus-database-test").click();
    await page.locator("#fplus-database-result", { hasText: /password authentication failed/ }).waitFor();
    await page.fill("#node-config-input-password", "secret");
    await page.locator("#fplus-database-test").click();
    await page.locator("#fplus-database-result", { hasText: /Connected: PostgreSQL \d+/ }).waitFor();
    await editor.screenshot("database-server");
    await closeDialog(page, "cancel");
  });

  editor.test("the cache example: ten ask, one loads; a counter that is heard; one lock for two", async (page) => {
    await page.goto(`${editor.plant.url}/`);
    await page.locator(".red-ui-flow-node").first().waitFor();
    await deployExample(page, "cache", "fplus-cache-tab");
    await press(page, "fplus-cache-ex-ask");
    await statusShows(page, /10 answers, 1 loads/, "fplus-cache-ex-answered");
    await press(page, "fplus-cache-ex-piece");
    await statusShows(page, /^1$/, "fplus-cache-ex-heard");
    await press(page, "fplus-cache-ex-job");
    await statusShows(page, /job 2/, "fplus-cache-ex-busy");
    await statusShows(page, /job 1/, "fplus-cache-ex-done");
    await editor.screenshot("cache-example");
    for (const id of ["get", "set", "lock"]) {
      await openDialog(page, `fplus-cache-ex-${id}`);
      await editor.screenshot(`cache-${id}`);
      await closeDialog(page, "cancel");
    }
    await openConfigDialog(page, "fplus-cache-store", "fplus-cache-example-store");
    await page.selectOption("#node-config-input-engine", "redis");
    await page.selectOption("#node-config-input-mode", "sentinel");
    await page.fill("#node-config-input-nodes", "127.0.0.1:1");
    await page.fill("#node-config-input-sentinelGroup", "plant");
    await page.locator("#fplus-cache-test").click();
    await page.locator("#fplus-cache-result", { hasText: /cache\.unreachable/ }).waitFor();
    await editor.screenshot("cache-store");
    await closeDialog(page, "cancel");
    const [part] = (await editor.plant.health()).filter(({ kind }) => kind === "cache");
    assert.deepEqual([part?.status, part?.mode], ["up", "embedded"]);
    assert.ok(part!.gauges["hitRatio"]! > 0);
  });

  editor.test("the embedded database stops with the plant", async () => {
    const [part] = (await editor.plant.health()).filter(({ kind }) => kind === "database");
    const folder = /^PostgreSQL \d+ in ([^,]*)/.exec(part?.detail ?? "")?.[1];
    assert.ok(folder !== undefined, part?.detail);
    const lock = path.join(folder, "server/postmaster.pid");
    assert.ok(existsSync(lock));
    assert.equal(await editor.plant.stop(), 0);
    assert.ok(!existsSync(lock));
  });
});
