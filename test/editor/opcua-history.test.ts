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
  readonly editor: { edit(node: object): void };
  readonly workspaces: { show(id: string): void };
  readonly view: { importNodes(flow: object, options: { generateIds: boolean; addFlow: boolean }): void };
}
declare const RED: Editor;

async function open(page: Page, id: string): Promise<void> {
  await page.evaluate((node) => RED.editor.edit(RED.nodes.node(node)!), id);
  await page.locator("#node-dialog-ok").waitFor();
  await page.waitForTimeout(400);
}

async function cancel(page: Page): Promise<void> {
  await page.locator("#node-dialog-cancel").click();
  await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
}

describe("history and alarms in the editor", () => {
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;

  before(async () => {
    if (chromiumProgram === undefined) return;
    const ports = await freePorts(4);
    plant = await startPlant({ ports: ports.slice(0, 3), stateDir: await newState() });
    await plant.printed(/live values/);
    browser = await openBrowser();
    watched = await openPage(browser, 1440, 1100);
    await openEditor(watched, `${plant.url}/`, PASSWORD);
    const example = readFileSync(path.resolve(import.meta.dirname, "../../flows/history-and-alarms.json"), "utf8");
    const { page } = watched;
    await page.evaluate(
      (flow) => RED.view.importNodes(JSON.parse(flow) as object, { generateIds: false, addFlow: false }),
      example.replaceAll("4851", String(ports[3])),
    );
    await page.locator("#red-ui-header-button-deploy").click();
    await page
      .locator(".red-ui-notification", { hasText: /Successfully deployed/i })
      .first()
      .waitFor();
    await page.evaluate(() => RED.workspaces.show("fplus-history-tab"));
    await page.waitForTimeout(4000);
  });
  after(async () => {
    await browser?.close();
    if (plant === undefined) return;
    await plant.stop();
    await removeState(plant.stateDir);
  });

  test("Try shows the first rows of what was recorded, and says what is wrong", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await open(page, "fplus-history-raw");
    await page.locator("#fplus-history-range", { hasText: "–" }).waitFor();
    await page.locator("#fplus-history-try").click();
    await page.locator("#fplus-history-rows tbody tr").nth(2).waitFor();
    assert.match(String(await page.locator("#fplus-history-rows tbody tr").first().textContent()), /Press01.*good/);
    await watched.screenshot("opcua-history");
    await page.fill("#node-input-from", "yesterday evening");
    await page.locator("#fplus-history-try").click();
    await page.locator("#fplus-history-result", { hasText: "is no time" }).waitFor();
    await page.locator("#node-input-from.input-error").waitFor();
    await cancel(page);
    await open(page, "fplus-history-mean");
    await page.locator("#node-input-aggregate").focus();
    await page.locator("#fplus-history-aggregates option[value='PercentGood']").waitFor({ state: "attached" });
    await page.fill("#node-input-every", "1s");
    await page.locator("#fplus-history-try").click();
    await page.locator("#fplus-history-rows tbody tr").nth(2).waitFor();
    await watched.screenshot("opcua-history-mean");
    await cancel(page);
    assert.deepEqual(
      watched.problems.filter((problem) => !problem.startsWith("409 ")),
      [],
    );
  });
});
