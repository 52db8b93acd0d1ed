import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Page } from "playwright-core";
import {
  closeDialog,
  deploy,
  deployExample,
  type Editor,
  editorOverPlant,
  openDialog,
  statusShows,
} from "../support/editor.ts";
import { freePorts } from "../support/ports.ts";

declare const RED: Editor;

/** The row of the table that begins with that number. */
function row(page: Page, number: number) {
  return page.locator(".fplus-map-row", { has: page.locator(`.fplus-map-number:text-is("${number}")`) });
}

async function openMap(page: Page): Promise<void> {
  await openDialog(page, "fplus-map-map");
  await page.locator("#fplus-map-body .fplus-map-row").first().waitFor();
}

describe("the map's dialog", () => {
  const editor = editorOverPlant({
    width: 1500,
    height: 1000,
    async prepare(page) {
      const [broker, opcua] = await freePorts(2);
      await deployExample(page, "map-raw-tags", "fplus-map-tab", { 1886: broker!, 4851: opcua! });
    },
  });

  editor.test("shows each row with its last value, names a mistake at its row, takes it back", async (page) => {
    await statusShows(page, /\d\/s · .*unmapped/);
    await editor.screenshot("map-flow");
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
    await editor.screenshot("map-dialog");
    await page.fill("#fplus-map-fromUnit", "furlong");
    await page.locator("#fplus-map-fromUnit").press("Tab");
    await page
      .locator("#fplus-map-summary", {
        hasText: "1 of 8 rows cannot be used. Row 1, raw unit: furlong is no UCUM unit",
      })
      .waitFor();
    await row(page, 1).locator(".fplus-map-value", { hasText: "furlong" }).waitFor();
    await editor.screenshot("map-mistake");
    await page.locator("#fplus-map-undo").click();
    await page.locator("#fplus-map-summary", { hasText: "8 rows" }).waitFor();
    assert.equal(await page.inputValue("#fplus-map-fromUnit"), "");
  });

  editor.test(
    "a limit not deployed yet shows what it would do; thousands of rows are pasted and searched",
    async (page) => {
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
      await editor.screenshot("map-search");
      await page.locator("#fplus-map-undo").click();
      await page.locator("#fplus-map-summary", { hasText: "8 rows" }).waitFor();
      await page.locator(".fplus-map-bar input[aria-label='Search rows']").fill("");
    },
  );

  editor.test("rows are filled from tags that came by, and what is saved is applied", async (page) => {
    await page.locator("#fplus-map-fill").click();
    await page.locator(".red-ui-notification p", { hasText: /\d+ tags, 1 of them not mapped yet/ }).waitFor();
    await page.locator(".red-ui-notification input[aria-label='Search tags']").pressSequentially("State");
    const tag = page.locator(".red-ui-notification .red-ui-treeList-label:visible", { hasText: "State" }).last();
    await tag.click();
    await editor.screenshot("map-fill");
    await page.locator(".red-ui-notification button.primary").click();
    await row(page, 9).locator(".fplus-map-value", { hasText: "→" }).waitFor();
    await row(page, 9).locator("input[data-field='name']").fill("machine state");
    await closeDialog(page, "ok");
    const rules = (await page.evaluate(() => RED.nodes.node("fplus-map-map")!["rules"])) as Record<string, unknown>[];
    assert.deepEqual(rules[8], { device: "Press01", tag: "State", name: "machine state" });
    assert.equal(rules[0]!["max"], 1);
    await deploy(page);
    await statusShows(page, /\d+ bad/);
    const health = await editor.plant.health();
    const map = health.find(({ name }) => name === "Plant names");
    assert.ok(map!.counters["range"]! > 0);
    assert.ok(map!.counters["bad"]! > 0);
  });

  editor.test("a sensor's topic is picked from those that are heard now, level by level", async (page) => {
    await openDialog(page, "fplus-map-mqtt");
    await page.locator("#fplus-mqtt-device-seen").click();
    await page.locator("[role=listbox] li", { hasText: "sensors/Hall1/climate" }).click();
    await page.getByText("sensors/{device}/{metric} takes 1 of 1 topic.").waitFor();
    await page.locator("select[aria-label='Level sensors']").selectOption("any");
    await editor.screenshot("mqtt-topics");
    await page.locator(".red-ui-notification button.primary").click();
    assert.equal(await page.inputValue("#node-input-topic"), "+/{device}/{metric}");
    await editor.screenshot("mqtt-device");
    await closeDialog(page, "cancel");
  });
});
