import assert from "node:assert/strict";
import { describe } from "node:test";
import {
  closeDialog,
  deployExample,
  editorOverPlant,
  openConfigDialog,
  openDialog,
  press,
  statusShows,
} from "../support/editor.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startInfluxd } from "../support/influxd.ts";
import { findProgram, missing } from "../support/services.ts";

const influxdProgram = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");

describe("the historian in the editor", () => {
  const editor = editorOverPlant();

  editor.test(
    "the example stores points and asks for them in InfluxQL; its dialogs show what belongs together",
    async (page) => {
      await deployExample(page, "store-and-query", "fplus-store-tab");
      await press(page, "fplus-store-point");
      await statusShows(page, /held/, "fplus-store-point-write");
      await press(page, "fplus-store-ask-text");
      await statusShows(page, /^1 row$/, "fplus-store-influxql");
      await editor.screenshot("historian-flow");

      await openDialog(page, "fplus-store-influxql");
      assert.equal(await page.locator("#node-input-query").isVisible(), true);
      assert.equal(await page.locator("#node-input-signals").isVisible(), false);
      await editor.screenshot("historian-influxql");
      await page.selectOption("#node-input-language", "builder");
      await page.selectOption("#node-input-aggregate", "mean");
      await page.locator("#node-input-fill").waitFor();
      assert.equal(await page.locator("#node-input-query").isVisible(), false);
      assert.equal(await page.locator("#node-input-limit").isVisible(), false);
      await editor.screenshot("historian-query");
      await closeDialog(page, "cancel");

      await openConfigDialog(page, "fplus-historian", "fplus-store-historian");
      await editor.screenshot("historian-embedded");
      assert.equal(await page.locator("#node-config-input-layout").isVisible(), false);
      await page.fill("#node-config-input-rollUps", "");
      await page.locator("#node-config-input-rollUps").pressSequentially("1 minute");
      await page.locator("#node-config-input-rollUps.input-error").waitFor();
      await page.fill("#node-config-input-rollUps", "");
      await page.locator("#node-config-input-rollUps").pressSequentially("1m 90d, 1h");
      await page.locator("#node-config-input-rollUps.input-error").waitFor({ state: "detached" });
      await page.selectOption("#node-config-input-engine", "influx");
      await page.locator("#node-config-input-layout").waitFor();
      await page.fill("#node-config-input-url", "http://127.0.0.1:1");
      await page.locator("#fplus-historian-test").click();
      await page.locator("#fplus-historian-result", { hasText: "historian.unreachable" }).waitFor();
      await editor.screenshot("historian-influx");
      await closeDialog(page, "cancel");
    },
  );

  editor.test("the historian's dialog tests a server before it is saved", async (page, t) => {
    if (missing(t, "influxd", influxdProgram)) return;
    const server = await startInfluxd(influxdProgram!, temporaryFolder(t));
    t.after(() => server.stop());
    await openConfigDialog(page, "fplus-historian", "_ADD_");
    await page.selectOption("#node-config-input-engine", "influx");
    await page.fill("#node-config-input-url", server.url);
    await page.locator("#fplus-historian-test").click();
    await page.locator("#fplus-historian-result", { hasText: "Connected: " }).waitFor();
    await editor.screenshot("historian-connected");
    await closeDialog(page, "cancel");
  });
});
