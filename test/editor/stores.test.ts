import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "../support/browser.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";

/** What the tests use of the editor's own object. */
interface Editor {
  readonly nodes: { node(id: string): object | null };
  readonly editor: { edit(node: object): void; editConfig(name: string, type: string, id: string): void };
  readonly workspaces: { show(id: string): void };
  readonly actions: { invoke(action: string): void };
  readonly view: { importNodes(flow: object, options: { generateIds: boolean; addFlow: boolean }): void };
}
declare const RED: Editor;

async function open(page: Page, id: string): Promise<void> {
  await page.evaluate((node) => RED.editor.edit(RED.nodes.node(node)!), id);
  await page.locator("#node-dialog-ok").waitFor();
  await page.waitForTimeout(500);
}

async function cancel(page: Page, config = false): Promise<void> {
  const kind = config ? "node-config-dialog" : "node-dialog";
  await page.locator(`#${kind}-cancel`).click({ force: true });
  await page.locator(`#${kind}-ok`).waitFor({ state: "hidden" });
}

async function inject(page: Page, id: string): Promise<void> {
  await page.locator(`[id="${id}"] .red-ui-flow-node-button-button`).click();
}

async function importExample(page: Page, name: string, tab: string): Promise<void> {
  const flow = readFileSync(path.resolve(import.meta.dirname, `../../flows/${name}.json`), "utf8");
  await page.evaluate(
    (text) => RED.view.importNodes(JSON.parse(text) as object, { generateIds: false, addFlow: false }),
    flow,
  );
  await page.waitForTimeout(500);
  await page.locator("#red-ui-header-button-deploy").click();
  await page
    .locator(".red-ui-notification", { hasText: /Successfully deployed/i })
    .first()
    .waitFor();
  await page.evaluate((id) => RED.workspaces.show(id), tab);
  await page.waitForTimeout(600);
}

describe("the editor's stores", () => {
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;

  before(async () => {
    if (chromiumProgram === undefined) return;
    plant = await startPlant({ ports: await freePorts(3), stateDir: await newState() });
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

  test("the search example: clicks index and find, and words typed into the dialog find at once", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await importExample(page, "search", "fplus-search-tab");
    await inject(page, "fplus-search-make");
    await page.locator(".red-ui-flow-node-status-label", { hasText: "200 indexed" }).waitFor();
    await inject(page, "fplus-search-seed");
    await page.locator(".red-ui-flow-node-status-label", { hasText: /found · \d+ ms/ }).waitFor();
    // The plant itself is indexed too.
    await page.locator(".red-ui-flow-node-status-label", { hasText: /^\d+ tags · \d+ devices$/ }).waitFor();
    await page.waitForTimeout(1200);
    await watched.screenshot("search-example");
    await open(page, "fplus-search-words");
    await page.locator("#fplus-search-q").pressSequentially("temprature senser");
    await page.locator("#fplus-search-says", { hasText: /found in \d+ ms/ }).waitFor();
    await page.locator(".fplus-search-hit mark", { hasText: "Temperature" }).first().waitFor();
    await watched.screenshot("search-dialog");
    await page.fill("#node-input-filter", "colour = red");
    await page.locator("#node-input-filter").blur();
    await page.locator("#fplus-search-says", { hasText: /colour is not filterable/ }).waitFor();
    await page.fill("#node-input-filter", "status = offline");
    await page.fill("#node-input-facets", "location, device_type");
    await page.locator("#node-input-facets").blur();
    await page.locator(".fplus-search-facet", { hasText: "production_line_1" }).waitFor();
    await watched.screenshot("search-facets");
    await cancel(page);
    await open(page, "fplus-search-upsert");
    await watched.screenshot("search-index");
    await cancel(page);
    assert.deepEqual(watched.problems, []);
  });

  test("the objects example: a file goes up and down, and its link opens without a key", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await importExample(page, "objects", "fplus-objects-tab");
    await inject(page, "fplus-objects-more");
    await page.locator(".red-ui-flow-node-status-label", { hasText: /^stored \d+ bytes$/ }).waitFor();
    await inject(page, "fplus-objects-list-now");
    await page.locator(".red-ui-flow-node-status-label", { hasText: "2 objects" }).waitFor();
    await page.evaluate(() => RED.actions.invoke("core:clear-debug-messages"));
    await open(page, "fplus-objects-link");
    await page.fill("#node-input-key", "configs/line1.json");
    await watched.screenshot("objects-link");
    await page.locator("#node-dialog-ok").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    await page.locator("#red-ui-header-button-deploy").click();
    await page.waitForTimeout(2500);
    await inject(page, "fplus-objects-link-now");
    await page.evaluate(() => RED.actions.invoke("core:show-debug-tab"));
    const shown = page.locator(".red-ui-debug-msg .red-ui-debug-msg-type-string").last();
    await shown.waitFor();
    // The sidebar shortens long texts until they are clicked.
    await shown.click();
    await page.waitForTimeout(300);
    const text = await page.locator(".red-ui-debug-msg-payload").last().innerText();
    const link = /http\S+/.exec(text.replaceAll(/["\n↵]/g, ""))?.[0] ?? "";
    const answered = await fetch(link);
    assert.equal(answered.status, 200, link);
    assert.equal(answered.headers.get("content-type"), "application/json");
    assert.deepEqual(await answered.json(), { key: "configs/line1.json", line: 1 });
    const refused = await fetch(link.replace("line1", "line2"));
    assert.equal(refused.status, 403);
    await refused.text();
    await watched.screenshot("objects-example");
    await open(page, "fplus-objects-put");
    await watched.screenshot("objects-put");
    await cancel(page);
    await page.evaluate(() => RED.editor.editConfig("", "fplus-object-store", "fplus-objects-store"));
    await page.locator("#fplus-objects-test").click();
    await page.locator("#fplus-objects-result", { hasText: "Connected: 1 bucket" }).waitFor();
    await page.selectOption("#node-config-input-engine", "s3");
    await page.fill("#node-config-input-url", "http://127.0.0.1:1");
    await page.fill("#node-config-input-accessKey", "a");
    await page.fill("#node-config-input-secretKey", "b");
    await page.locator("#fplus-objects-test").click();
    await page.locator("#fplus-objects-result", { hasText: "objects.unreachable" }).waitFor();
    await page.waitForTimeout(400);
    await watched.screenshot("objects-store");
    await cancel(page, true);
    assert.deepEqual(watched.problems, []);
  });
});
