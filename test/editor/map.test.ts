import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "../support/browser.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";

interface EditorNode {
  readonly rules: readonly Record<string, unknown>[];
}

/** What the test uses of the editor's own object. */
interface Editor {
  readonly nodes: { node(id: string): EditorNode | null };
  readonly editor: { edit(node: EditorNode): void };
  readonly workspaces: { show(id: string): void };
  readonly view: { importNodes(flow: object, options: { generateIds: boolean; addFlow: boolean }): void };
}
declare const RED: Editor;

const EXAMPLE = readFileSync(path.resolve(import.meta.dirname, "../../flows/map-raw-tags.json"), "utf8");

/** The row of the table that begins with that number. */
function row(page: Page, number: number) {
  return page.locator(".fplus-map-row", { has: page.locator(`.fplus-map-number:text-is("${number}")`) });
}

async function openMap(page: Page): Promise<void> {
  await page.evaluate(() => RED.editor.edit(RED.nodes.node("fplus-map-map")!));
  await page.locator("#fplus-map-body .fplus-map-row").first().waitFor();
  await page.waitForTimeout(500);
}

describe("the map's dialog", () => {
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;

  before(async () => {
    if (chromiumProgram === undefined) return;
    plant = await startPlant({ stateDir: await newState() });
    await plant.printed(/live values/);
    browser = await openBrowser();
    watched = await openPage(browser, 1500, 1000);
    await openEditor(watched, `${plant.url}/`, PASSWORD);
    const [broker, opcua] = await freePorts(2);
    await watched.page.evaluate(
      (flow) => RED.view.importNodes(JSON.parse(flow) as object, { generateIds: false, addFlow: false }),
      EXAMPLE.replaceAll("1886", String(broker)).replaceAll("4851", String(opcua)),
    );
    await watched.page.waitForTimeout(500);
    await deploy(watched.page);
    await watched.page.evaluate(() => RED.workspaces.show("fplus-map-tab"));
  });
  after(async () => {
    await browser?.close();
    if (plant === undefined) return;
    await plant.stop();
    await removeState(plant.stateDir);
  });

  test("shows each row with its last value, names a mistake at its row, takes it back", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.locator(".red-ui-flow-node-status-label", { hasText: /\d\/s · .*unmapped/ }).waitFor();
    await page.waitForTimeout(2500);
    await watched.screenshot("map-flow");
    await openMap(page);
    await row(page, 2)
      .locator(".fplus-map-value", { hasText: /bar → [\d.]+ kPa/ })
      .waitFor();
    await row(page, 6)
      .locator(".fplus-map-value", { hasText: /^[\d.]+ kV\.A$/ })
      .waitFor();
    await row(page, 7)
      .locator(".fplus-map-value", { hasText: /^7\d.* \[degF\] → 2\d.* Cel/ })
      .waitFor();
    await row(page, 1).locator("input").first().click();
    await watched.screenshot("map-dialog");
    await page.fill("#fplus-map-fromUnit", "furlong");
    await page.locator("#fplus-map-fromUnit").press("Tab");
    await page
      .locator("#fplus-map-summary", {
        hasText: "1 of 8 rows cannot be used. Row 1, raw unit: furlong is no UCUM unit",
      })
      .waitFor();
    await row(page, 1).locator(".fplus-map-value", { hasText: "furlong" }).waitFor();
    await watched.screenshot("map-mistake");
    await page.locator("#fplus-map-undo").click();
    await page.locator("#fplus-map-summary", { hasText: "8 rows" }).waitFor();
    assert.equal(await page.inputValue("#fplus-map-fromUnit"), "");
  });

  test("a limit not deployed yet shows what it would do; thousands of rows are pasted and searched", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await row(page, 1).locator("input").first().click();
    await page.fill("#fplus-map-max", "1");
    await page.locator("#fplus-map-max").press("Tab");
    await row(page, 1).locator(".fplus-map-value.fplus-map-bad", { hasText: "is above 1" }).waitFor();
    await page.locator("#fplus-map-paste").click();
    const lines = Array.from({ length: 3000 }, (_, i) => `Robot${i}\tAxis_${i}\taxis ${i}\tdeg`);
    // As the clipboard would: to type it takes a browser half a minute.
    await page
      .locator("textarea[aria-label='Table of rows']")
      .evaluate((area, text) => ((area as HTMLTextAreaElement).value = text), lines.join("\n"));
    await page.locator(".red-ui-notification button.primary").click();
    await page.locator("#fplus-map-summary", { hasText: "3,008 rows" }).waitFor();
    assert.ok((await page.locator(".fplus-map-row").count()) < 40, "only rows in sight are on the page");
    await page.locator(".fplus-map-bar input[aria-label='Search rows']").pressSequentially("Axis_2999");
    await row(page, 3008).waitFor();
    await watched.screenshot("map-search");
    await page.locator("#fplus-map-undo").click();
    await page.locator("#fplus-map-summary", { hasText: "8 rows" }).waitFor();
    await page.locator(".fplus-map-bar input[aria-label='Search rows']").fill("");
    await page.waitForTimeout(500);
  });

  test("rows are filled from tags that came by, and what is saved is applied", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.locator("#fplus-map-fill").click();
    await page.locator(".red-ui-notification p", { hasText: /\d+ tags, 1 of them not mapped yet/ }).waitFor();
    await page.locator(".red-ui-notification input[aria-label='Search tags']").pressSequentially("State");
    const tag = page.locator(".red-ui-notification .red-ui-treeList-label:visible", { hasText: "State" }).last();
    await tag.click();
    await watched.screenshot("map-fill");
    await page.locator(".red-ui-notification button.primary").click();
    await row(page, 9).locator(".fplus-map-value", { hasText: "→" }).waitFor();
    await row(page, 9).locator("input[data-field='name']").fill("machine state");
    await page.locator("#node-dialog-ok").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    const rules = await page.evaluate(() => RED.nodes.node("fplus-map-map")!.rules);
    assert.deepEqual(rules[8], { device: "Press01", tag: "State", name: "machine state" });
    assert.equal(rules[0]!["max"], 1);
    await deploy(page);
    await page.locator(".red-ui-flow-node-status-label", { hasText: /\d+ bad/ }).waitFor();
    const health = await plant.health();
    const map = health.find(({ name }) => name === "Plant names");
    assert.ok(map!.counters["range"]! > 0);
    assert.ok(map!.counters["bad"]! > 0);
    assert.deepEqual(watched.problems, []);
  });

  test("a sensor's topic is picked from those that are heard now, level by level", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.evaluate(() => RED.editor.edit(RED.nodes.node("fplus-map-mqtt")!));
    await page.locator("#fplus-mqtt-device-seen").click();
    await page.locator("[role=listbox] li", { hasText: "sensors/Hall1/climate" }).click();
    await page.getByText("sensors/{device}/{metric} takes 1 of 1 topic.").waitFor();
    await page.locator("select[aria-label='Level sensors']").selectOption("any");
    await watched.screenshot("mqtt-topics");
    await page.locator(".red-ui-notification button.primary").click();
    assert.equal(await page.inputValue("#node-input-topic"), "+/{device}/{metric}");
    await watched.screenshot("mqtt-device");
    await page.locator("#node-dialog-cancel").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    assert.deepEqual(watched.problems, []);
  });
});

async function deploy(page: Page): Promise<void> {
  await page.locator("#red-ui-header-button-deploy").click();
  await page
    .locator(".red-ui-notification", { hasText: /Successfully deployed/i })
    .first()
    .waitFor();
  await page.waitForTimeout(600);
}
