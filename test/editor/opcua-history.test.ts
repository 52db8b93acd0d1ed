import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Page } from "playwright-core";
import {
  closeDialog,
  deployExample,
  type Editor,
  editorOverPlant,
  openDialog,
  press,
  statusShows,
} from "../support/editor.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

declare const RED: Editor;

/** Presses Try until so many rows have been recorded. */
async function tryUntilRows(page: Page, count: number): Promise<void> {
  await until(`${count} rows`, async () => {
    await page.locator("#fplus-history-try").click();
    await page.waitForTimeout(500);
    return (await page.locator("#fplus-history-rows tbody tr").count()) >= count;
  });
}

describe("history and alarms in the editor", () => {
  const editor = editorOverPlant({
    height: 1100,
    async prepare(page) {
      const [opcua] = await freePorts(1);
      await deployExample(page, "history-and-alarms", "fplus-history-tab", { 4851: opcua! });
    },
  });

  editor.test(
    "Try shows the first rows of what was recorded, and says what is wrong",
    async (page) => {
      await openDialog(page, "fplus-history-raw");
      await page.locator("#fplus-history-range", { hasText: "–" }).waitFor();
      await tryUntilRows(page, 3);
      assert.match(String(await page.locator("#fplus-history-rows tbody tr").first().textContent()), /Press01.*good/);
      await editor.screenshot("opcua-history");
      await page.locator("#node-input-targets ~ .fplus-pick").click();
      const line = (name: string) =>
        page.locator('.fplus-row[role="treeitem"]', { has: page.locator(`.fplus-name:text-is("${name}")`) });
      await line("Acme").click();
      // Folders that stand alone open by themselves.
      await line("Press01").click();
      await line("Load").locator("input").check();
      await page.locator("#fplus-browser-add").click();
      await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
      await page.waitForFunction(() =>
        /\S\nns=1;s=Press01\.Load$/.test(document.querySelector<HTMLTextAreaElement>("#node-input-targets")!.value),
      );
      await editor.screenshot("opcua-history-picked");
      await page.fill("#node-input-from", "yesterday evening");
      await page.locator("#fplus-history-try").click();
      await page.locator("#fplus-history-result", { hasText: "is no time" }).waitFor();
      await page.locator("#node-input-from.input-error").waitFor();
      await closeDialog(page, "cancel");
      await openDialog(page, "fplus-history-mean");
      await page.locator("#node-input-aggregate").focus();
      await page.locator("#fplus-history-aggregates option[value='PercentGood']").waitFor({ state: "attached" });
      await page.fill("#node-input-every", "1s");
      await tryUntilRows(page, 3);
      await editor.screenshot("opcua-history-mean");
      await closeDialog(page, "cancel");
    },
    { refusals: true },
  );

  editor.test(
    "types of events are chosen in their tree, fields are ticked; alarms are acknowledged by a click",
    async (page) => {
      await press(page, "fplus-history-fault");
      await statusShows(page, /events · 1 active/);
      await editor.screenshot("opcua-events-flow");
      await press(page, "fplus-history-ack");
      await press(page, "fplus-history-reset");
      // Only what has been acknowledged is confirmed, and another alarm of the fault may come while the first is dealt with.
      await until("the last alarm to be confirmed", async () => {
        await press(page, "fplus-history-confirm");
        await press(page, "fplus-history-ack");
        await page.waitForTimeout(500);
        return await page.locator(".red-ui-flow-node-status-label", { hasText: /events · 0 active/ }).isVisible();
      });

      await openDialog(page, "fplus-history-events");
      const type = page.locator("#node-input-eventType");
      await type.locator("option", { hasText: "MachineStateEventType" }).waitFor({ state: "attached" });
      await type.selectOption({ label: "\u00a0\u00a0MachineStateEventType" });
      await page.locator("#fplus-opcua-events-fields label", { hasText: "NewState" }).click();
      await page.locator("#fplus-opcua-events-notifiers option[value='ns=1;s=Oven01']").waitFor({ state: "attached" });
      await editor.screenshot("opcua-events");
      await closeDialog(page, "ok");
      await openDialog(page, "fplus-history-events");
      await page.locator("#fplus-opcua-events-fields label", { hasText: "NewState" }).waitFor();
      assert.equal(await page.locator("#fplus-opcua-events-fields input:checked").count(), 1);
      await closeDialog(page, "cancel");
    },
    { refusals: true },
  );

  editor.test(
    "a method's arguments as a form: a structure with an example, an enumeration to choose from",
    async (page) => {
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
      await openDialog(page, "load-recipe");
      await page.locator("#fplus-opcua-call-read").click();
      await page.getByText("Gives Seconds (UInt32), Name (String).").waitFor();
      await page.locator("#fplus-opcua-call-args button", { hasText: "Example" }).first().click();
      await page.locator("select[data-argument='Mode']").selectOption("Cleaning");
      await page.locator("textarea[data-argument='Offsets']").fill("[1, 2]");
      await editor.screenshot("opcua-call-structure");
      assert.match(await page.locator("textarea[data-argument='Recipe']").inputValue(), /"Steps": \[/);
      await closeDialog(page, "ok");
      await openDialog(page, "load-recipe");
      await page.locator("textarea[data-argument='Offsets']").waitFor();
      assert.equal(await page.locator("select[data-argument='Mode']").inputValue(), "Cleaning");
      await closeDialog(page, "cancel");
    },
  );
});
