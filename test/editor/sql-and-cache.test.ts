import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "../support/browser.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { postgresPrograms, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { missing } from "../support/services.ts";

interface EditorNode {
  readonly id: string;
}

declare const RED: {
  readonly nodes: { node(id: string): EditorNode | null };
  readonly editor: { edit(node: EditorNode): void; editConfig(name: string, type: string, id: string): void };
  readonly workspaces: { show(id: string): void };
  readonly actions: { invoke(action: string): void };
  readonly view: { importNodes(flow: object, options: { generateIds: boolean; addFlow: boolean }): void };
};

async function deploy(page: Page): Promise<void> {
  await page.locator("#red-ui-header-button-deploy").click();
  await page
    .locator(".red-ui-notification", { hasText: /Successfully deployed/i })
    .first()
    .waitFor();
  await page.waitForTimeout(600);
}

const press = (page: Page, id: string): Promise<void> =>
  page.locator(`[id="${id}"] .red-ui-flow-node-button-button`).click();
const status = (page: Page, id: string, text: RegExp): Promise<void> =>
  page.locator(`[id="${id}"] .red-ui-flow-node-status-label`, { hasText: text }).waitFor();

describe("SQL and the cache in the editor", () => {
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;

  before(async () => {
    if (chromiumProgram === undefined) return;
    const stateDir = await newState();
    // As root, the embedded server runs under another account, which must pass through.
    chmodSync(stateDir, 0o755);
    plant = await startPlant({ stateDir });
    await plant.printed(/live values/);
    browser = await openBrowser();
    watched = await openPage(browser);
    await openEditor(watched, `${plant.url}/`, PASSWORD);
    await watched.page.locator(".red-ui-flow-node").first().waitFor();
  });
  after(async () => {
    await browser?.close();
    if (plant === undefined) return;
    await plant.stop();
    await removeState(plant.stateDir);
  });

  test("a plant without SQL starts no database; the example does, and all of it works", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    assert.deepEqual(
      (await plant.health()).filter(({ kind }) => kind === "database").map(({ status }) => status),
      ["off"],
    );
    const example = readFileSync(path.resolve(import.meta.dirname, "../../flows/sql.json"), "utf8");
    await page.evaluate(
      (flow) => RED.view.importNodes(JSON.parse(flow) as object, { generateIds: false, addFlow: false }),
      example,
    );
    await page.waitForTimeout(500);
    await deploy(page);
    await page.evaluate(() => RED.workspaces.show("fplus-sql-tab"));
    await status(page, "fplus-sql-create", /rows · \d+ ms/);
    await status(page, "fplus-sql-listen", /\d+ heard/);
    await page.evaluate(() => RED.actions.invoke("core:show-debug-tab"));
    await press(page, "fplus-sql-new");
    await status(page, "fplus-sql-insert", /1 row · /);
    await status(page, "fplus-sql-listen", /^1 heard/);
    await press(page, "fplus-sql-two");
    await page
      .locator(".red-ui-debug-msg", { hasText: /database\.constraint/ })
      .first()
      .waitFor();
    await press(page, "fplus-sql-million");
    await status(page, "fplus-sql-total", /1000000/);
    await watched.screenshot("sql-example");
    const [part] = (await plant.health()).filter(({ kind }) => kind === "database");
    assert.deepEqual([part?.status, part?.mode], ["up", "embedded"]);
    assert.deepEqual(watched.problems, []);
  });

  test("the dialog lists tables, writes a column, tries a statement with values, refuses a change", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.evaluate(() => RED.editor.edit(RED.nodes.node("fplus-sql-report")!));
    await page.locator("#node-dialog-ok").waitFor();
    await page
      .locator("#fplus-sql-dialog-query .monaco-editor, #fplus-sql-dialog-query .ace_content")
      .first()
      .waitFor();
    await page.waitForTimeout(800);
    await page.locator("#fplus-sql-dialog-try").click();
    await page.locator("#fplus-sql-dialog-result", { hasText: /^\d+ rows?, \d+ ms\.$/ }).waitFor();
    await watched.screenshot("sql-try");
    await page.locator("#fplus-sql-dialog-rows th", { hasText: "machine" }).waitFor();

    await page.locator("#fplus-sql-dialog-browse").click();
    await page.locator(".red-ui-treeList-label:visible", { hasText: "orders" }).click();
    await watched.screenshot("sql-tables");
    await page.locator(".red-ui-notification button", { hasText: "Close" }).click();
    await page.waitForTimeout(500);
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
    await watched.screenshot("sql-values");
    await page.locator("#fplus-sql-dialog-query").click();
    await type("DELETE FROM orders");
    await page.locator("#fplus-sql-dialog-result", { hasText: /must not change anything/ }).waitFor();
    await page.locator("#fplus-sql-dialog-query").click();
    await type("SELECT *\nFROM nowhere");
    await page.locator("#fplus-sql-dialog-result", { hasText: /line 2, column 6/ }).waitFor();
    await watched.screenshot("sql-error");
    await page.locator("#node-dialog-cancel").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    // The wrong statement was asked for.
    assert.deepEqual(
      watched.problems.filter((text) => !text.startsWith("409 ")),
      [],
    );
  });

  test("the database dialog tests a server, says what is wrong, and shows no password", async (t) => {
    if (missing(t, "chromium", chromiumProgram) || missing(t, "PostgreSQL", postgresPrograms)) return;
    const server: PostgresServer = await startPostgres(t);
    const { page } = watched;
    await page.evaluate(() => RED.editor.editConfig("", "fplus-database", "fplus-sql-database"));
    await page.locator("#node-config-dialog-ok").waitFor();
    await page.waitForTimeout(500);
    await watched.screenshot("database-embedded");
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
    await watched.screenshot("database-server");
    await page.locator("#node-config-dialog-cancel").click();
    await page.locator("#node-config-dialog-ok").waitFor({ state: "hidden" });
  });

  test("the cache example: ten ask, one loads; a counter that is heard; one lock for two", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.goto(`${plant.url}/`);
    await page.locator(".red-ui-flow-node").first().waitFor();
    const example = readFileSync(path.resolve(import.meta.dirname, "../../flows/cache.json"), "utf8");
    await page.evaluate(
      (flow) => RED.view.importNodes(JSON.parse(flow) as object, { generateIds: false, addFlow: false }),
      example,
    );
    await page.waitForTimeout(500);
    await deploy(page);
    await page.evaluate(() => RED.workspaces.show("fplus-cache-tab"));
    await page.waitForTimeout(500);
    await press(page, "fplus-cache-ex-ask");
    await status(page, "fplus-cache-ex-answered", /10 answers, 1 loads/);
    await press(page, "fplus-cache-ex-piece");
    await status(page, "fplus-cache-ex-heard", /^1$/);
    await press(page, "fplus-cache-ex-job");
    await status(page, "fplus-cache-ex-busy", /job 2/);
    await status(page, "fplus-cache-ex-done", /job 1/);
    await page.waitForTimeout(1200);
    await watched.screenshot("cache-example");
    for (const id of ["get", "set", "lock"]) {
      await page.evaluate((node) => RED.editor.edit(RED.nodes.node(`fplus-cache-ex-${node}`)!), id);
      await page.locator("#node-dialog-ok").waitFor();
      await page.waitForTimeout(700);
      await watched.screenshot(`cache-${id}`);
      await page.locator("#node-dialog-cancel").click();
      await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    }
    await page.evaluate(() => RED.editor.editConfig("", "fplus-cache-store", "fplus-cache-example-store"));
    await page.locator("#node-config-dialog-ok").waitFor();
    await page.selectOption("#node-config-input-engine", "redis");
    await page.selectOption("#node-config-input-mode", "sentinel");
    await page.fill("#node-config-input-nodes", "127.0.0.1:1");
    await page.fill("#node-config-input-sentinelGroup", "plant");
    await page.locator("#fplus-cache-test").click();
    await page.locator("#fplus-cache-result", { hasText: /cache\.unreachable/ }).waitFor();
    await watched.screenshot("cache-store");
    await page.locator("#node-config-dialog-cancel").click();
    const [part] = (await plant.health()).filter(({ kind }) => kind === "cache");
    assert.deepEqual([part?.status, part?.mode], ["up", "embedded"]);
    assert.ok(part!.gauges["hitRatio"]! > 0);
  });

  test("the embedded database stops with the plant", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const [part] = (await plant.health()).filter(({ kind }) => kind === "database");
    const folder = /^PostgreSQL \d+ in (.*)$/.exec(part?.detail ?? "")?.[1];
    assert.ok(folder !== undefined, part?.detail);
    const lock = path.join(folder, "server/postmaster.pid");
    assert.ok(existsSync(lock));
    assert.equal(await plant.stop(), 0);
    assert.ok(!existsSync(lock));
  });
});
