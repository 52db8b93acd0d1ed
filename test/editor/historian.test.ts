import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe } from "node:test";
import {
  closeDialog,
  deploy,
  deployExample,
  dragNode,
  editorOverPlant,
  importFlow,
  openConfigDialog,
  openDialog,
  press,
  showTab,
  statusShows,
} from "../support/editor.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startInfluxd } from "../support/influxd.ts";
import { influxd2Program, startInfluxd2 } from "../support/influxd2.ts";
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

  editor.test(
    "signals are ticked in the historian's tree, and a question is tried before it is saved",
    async (page) => {
      const id = await dragNode(page, "fplus-historian-query", 400, 500);
      await openDialog(page, id);
      // Nothing is chosen: the plant's own historian answers, and the field says so.
      await page
        .locator("#node-input-historian option:checked", { hasText: "the plant's own" })
        .waitFor({ state: "attached" });
      await page.locator("#fplus-query-browse").click();
      const window = page.locator(".red-ui-notification", { has: page.locator(".red-ui-treeList") });
      await window.locator(".red-ui-treeList-label", { hasText: "signals" }).first().waitFor();
      await editor.screenshot("historian-browse");
      const search = window.getByLabel("Search signals");
      await search.pressSequentially("robot temp");
      await window.getByText(/^\d+ found\.$/).waitFor();
      const found = window.locator(".red-ui-treeList-label", { hasText: /Robot.*Temp/ });
      const path = await found.first().locator(".red-ui-treeList-label-text").innerText();
      await found.first().click();
      await editor.screenshot("historian-found");
      await search.press("ControlOrMeta+A");
      await search.press("Backspace");
      await window.getByText(/1 chosen/).waitFor();
      const branch = window.locator(".red-ui-treeList-label", { hasText: path.split("/")[0]! }).first();
      await branch.locator("input").check();
      await window.getByText(/2 chosen/).waitFor();
      await branch.locator("input").uncheck();
      await window.locator("button", { hasText: "Use" }).click();
      assert.equal(await page.inputValue("#node-input-signals"), path);

      await page.locator("#fplus-query-try").click();
      await page.locator("#fplus-query-result", { hasText: /^1 signal, \d+ ms\. The newest values:$/ }).waitFor();
      assert.ok((await page.locator("#fplus-query-rows tr").count()) > 1);
      await editor.screenshot("historian-tried");
      await page.selectOption("#node-input-language", "influxql");
      await page.fill("#node-input-query", "SELECT last(value) FROM sensors GROUP BY path LIMIT 1");
      await page.locator("#fplus-query-try").click();
      await page.locator("#fplus-query-result", { hasText: /^\d+ rows, \d+ ms/ }).waitFor();
      await closeDialog(page, "cancel");
    },
  );

  editor.test("the page of the example shows the rows of a query as a chart and as a table", async (page) => {
    const file = path.resolve(import.meta.dirname, "../../dashboards/history-page.json");
    const nodes = JSON.parse(readFileSync(file, "utf8")) as { readonly type: string }[];
    // The plant has its dashboard and its theme already.
    await importFlow(
      page,
      nodes.filter(({ type }) => type !== "ui-base" && type !== "ui-theme"),
    );
    await deploy(page);
    await showTab(page, "fplus-history-page-tab");
    await statusShows(page, /^\d+ rows$/, "fplus-history-page-names");
    await editor.screenshot("history-flow");
    await page.goto(`${editor.plant.url}/dashboard/history`);
    await page.locator("a[href$='/history']").click();
    await page.getByText("10 min").click();
    const signals = page.getByLabel("Signals").first();
    await signals.click();
    await signals.pressSequentially("Robot01/Temp");
    await page.locator(".v-overlay .v-list-item", { hasText: "Robot01/Temperature" }).first().click();
    await page.keyboard.press("Escape");
    const row = page.locator("td", { hasText: "Robot01/Temperature" });
    await row.waitFor();
    await page.locator(".nrdb-ui-chart-container").locator("canvas, svg").first().waitFor();
    await editor.screenshot("history-page");
    await page.goto(`${editor.plant.url}/`);
    await page.locator(".red-ui-flow-node").first().waitFor();
    await showTab(page, "fplus-history-page-tab");
    await statusShows(page, /^1 signal · \d+ points$/, "fplus-history-page-query");
  });

  editor.test(
    "a question with a mistake, and one that would delete, are refused in the dialog with the way out",
    async (page) => {
      await openDialog(page, "fplus-store-influxql");
      const says = page.locator("#fplus-query-result");
      await page.fill("#node-input-query", "SELEC value FROM sensors");
      await page.locator("#fplus-query-try").click();
      await says.filter({ hasText: /historian\.query/ }).waitFor();
      await page.fill("#node-input-query", "DROP MEASUREMENT sensors");
      await page.locator("#fplus-query-try").click();
      await says.filter({ hasText: /must not change anything/ }).waitFor();
      await page.selectOption("#node-input-language", "builder");
      await page.selectOption("#node-input-range", "between");
      await page.fill("#node-input-from", "yesterday");
      await page.fill("#node-input-signals", "Demo/*");
      await page.locator("#fplus-query-try").click();
      await says.filter({ hasText: /from is not a time.*now-1d/ }).waitFor();
      await editor.screenshot("historian-refused");
      await closeDialog(page, "cancel");
    },
    { refusals: true },
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

  editor.test("the historian's dialog says which setting of an InfluxDB 2 is wrong", async (page, t) => {
    if (missing(t, "influxd 2", influxd2Program)) return;
    const server = await startInfluxd2(temporaryFolder(t));
    t.after(() => server.stop());
    await openConfigDialog(page, "fplus-historian", "_ADD_");
    await page.selectOption("#node-config-input-engine", "influx");
    await page.fill("#node-config-input-url", server.url);
    await page.fill("#node-config-input-bucket", server.bucket);
    const says = async (text: RegExp): Promise<void> => {
      await page.locator("#fplus-historian-test").click();
      await page.locator("#fplus-historian-result", { hasText: text }).waitFor();
    };
    await page.fill("#node-config-input-token", "wrong");
    await says(/refused: unauthorized access.*\[token]/);
    await page.fill("#node-config-input-token", server.token);
    await page.fill("#node-config-input-org", "elsewhere");
    await says(/organization name "elsewhere" not found.*\[org]/);
    await editor.screenshot("historian-wrong-organisation");
    await page.fill("#node-config-input-org", "");
    await says(/^Connected: .*v2\.7/);
    await editor.screenshot("historian-influx2");
    await closeDialog(page, "cancel");
  });
});
