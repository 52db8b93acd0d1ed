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

  test("types of events are chosen in their tree, fields are ticked; alarms are acknowledged by a click", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.locator('[id="fplus-history-fault"] .red-ui-flow-node-button-button').click();
    await page.locator(".red-ui-flow-node-status-label", { hasText: /events · 1 active/ }).waitFor();
    await watched.screenshot("opcua-events-flow");
    await page.locator('[id="fplus-history-ack"] .red-ui-flow-node-button-button').click();
    await page.locator('[id="fplus-history-reset"] .red-ui-flow-node-button-button').click();
    await page.waitForTimeout(1500);
    await page.locator('[id="fplus-history-confirm"] .red-ui-flow-node-button-button').click();
    await page.locator(".red-ui-flow-node-status-label", { hasText: /events · 0 active/ }).waitFor();

    await open(page, "fplus-history-events");
    const type = page.locator("#node-input-eventType");
    await type.locator("option", { hasText: "MachineStateEventType" }).waitFor({ state: "attached" });
    await type.selectOption({ label: "\u00a0\u00a0MachineStateEventType" });
    await page.locator("#fplus-opcua-events-fields label", { hasText: "NewState" }).click();
    await page.locator("#fplus-opcua-events-notifiers option[value='ns=1;s=Oven01']").waitFor({ state: "attached" });
    await watched.screenshot("opcua-events");
    await page.locator("#node-dialog-ok").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    await open(page, "fplus-history-events");
    await page.locator("#fplus-opcua-events-fields label", { hasText: "NewState" }).waitFor();
    assert.equal(await page.locator("#fplus-opcua-events-fields input:checked").count(), 1);
    await cancel(page);
    assert.deepEqual(
      watched.problems.filter((problem) => !problem.startsWith("409 ")),
      [],
    );
  });

  test("a method's arguments as a form: a structure with an example, an enumeration to choose from", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.evaluate(() =>
      RED.view.importNodes(
        [
          {
            id: "load-recipe",
            type: "fplus-opcua-call",
            z: "fplus-history-tab",
            name: "",
            endpoint: "fplus-history-endpoint",
            object: "ns=1;s=Oven01",
            method: "ns=1;s=Oven01.LoadRecipe",
            args: {},
            x: 850,
            y: 120,
            wires: [[]],
          },
        ],
        { generateIds: false, addFlow: false },
      ),
    );
    // Imported nodes hang on the cursor until a click.
    await page.mouse.click(900, 700);
    await open(page, "load-recipe");
    await page.locator("#fplus-opcua-call-read").click();
    await page.getByText("Gives Seconds (UInt32), Name (String).").waitFor();
    await page.locator("#fplus-opcua-call-args button", { hasText: "Example" }).first().click();
    await page.locator("select[data-argument='Mode']").selectOption("Cleaning");
    await page.locator("textarea[data-argument='Offsets']").fill("[1, 2]");
    await watched.screenshot("opcua-call-structure");
    assert.match(await page.locator("textarea[data-argument='Recipe']").inputValue(), /"Steps": \[/);
    await page.locator("#node-dialog-ok").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    await open(page, "load-recipe");
    await page.locator("textarea[data-argument='Offsets']").waitFor();
    assert.equal(await page.locator("select[data-argument='Mode']").inputValue(), "Cleaning");
    await cancel(page);
  });
});
