import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "../support/browser.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { missing } from "../support/services.ts";

interface EditorNode {
  readonly id: string;
}

declare const RED: {
  readonly nodes: { node(id: string): EditorNode | null };
  readonly editor: { edit(node: EditorNode): void; editConfig(name: string, type: string, id: string): void };
  readonly workspaces: { show(id: string): void };
  readonly view: { importNodes(flow: object, options: { generateIds: boolean; addFlow: boolean }): void };
};

const press = (page: Page, id: string): Promise<void> =>
  page.locator(`[id="${id}"] .red-ui-flow-node-button-button`).click();
const status = (page: Page, id: string, text: RegExp): Promise<void> =>
  page.locator(`[id="${id}"] .red-ui-flow-node-status-label`, { hasText: text }).waitFor();

describe("the historian in the editor", () => {
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;

  before(async () => {
    if (chromiumProgram === undefined) return;
    plant = await startPlant({ stateDir: await newState() });
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

  test("the example stores points and asks for them in InfluxQL; its dialogs show what belongs together", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    const example = readFileSync(path.resolve(import.meta.dirname, "../../flows/store-and-query.json"), "utf8");
    await page.evaluate(
      (flow) => RED.view.importNodes(JSON.parse(flow) as object, { generateIds: false, addFlow: false }),
      example,
    );
    await page.waitForTimeout(500);
    await page.locator("#red-ui-header-button-deploy").click();
    await page
      .locator(".red-ui-notification", { hasText: /Successfully deployed/i })
      .first()
      .waitFor();
    await page.evaluate(() => RED.workspaces.show("fplus-store-tab"));
    await press(page, "fplus-store-point");
    await status(page, "fplus-store-point-write", /held/);
    await press(page, "fplus-store-ask-text");
    await status(page, "fplus-store-influxql", /^1 row$/);
    await watched.screenshot("historian-flow");

    await page.evaluate(() => RED.editor.edit(RED.nodes.node("fplus-store-influxql")!));
    await page.locator("#node-dialog-ok").waitFor();
    await page.waitForTimeout(500);
    assert.equal(await page.locator("#node-input-query").isVisible(), true);
    assert.equal(await page.locator("#node-input-signals").isVisible(), false);
    await watched.screenshot("historian-influxql");
    await page.selectOption("#node-input-language", "builder");
    await page.selectOption("#node-input-aggregate", "mean");
    await page.locator("#node-input-fill").waitFor();
    assert.equal(await page.locator("#node-input-query").isVisible(), false);
    assert.equal(await page.locator("#node-input-limit").isVisible(), false);
    await watched.screenshot("historian-query");
    await page.locator("#node-dialog-cancel").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });

    await page.evaluate(() => RED.editor.editConfig("", "fplus-historian", "fplus-store-historian"));
    await page.locator("#node-config-dialog-ok").waitFor();
    await page.waitForTimeout(500);
    await watched.screenshot("historian-embedded");
    assert.equal(await page.locator("#node-config-input-layout").isVisible(), false);
    await page.fill("#node-config-input-rollUps", "");
    await page.locator("#node-config-input-rollUps").pressSequentially("1 minute");
    await page.locator("#node-config-input-rollUps.input-error").waitFor();
    await page.fill("#node-config-input-rollUps", "");
    await page.locator("#node-config-input-rollUps").pressSequentially("1m 90d, 1h");
    await page.locator("#node-config-input-rollUps.input-error").waitFor({ state: "detached" });
    await page.selectOption("#node-config-input-engine", "influx");
    await page.locator("#node-config-input-layout").waitFor();
    await watched.screenshot("historian-influx");
    await page.locator("#node-config-dialog-cancel").click();
    assert.deepEqual(watched.problems, []);
  });
});
