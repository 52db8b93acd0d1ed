import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Locator, Page } from "playwright-core";
import {
  closeDialog,
  deploy,
  type Editor,
  editorOverPlant,
  importFlow,
  openDialog,
  showTab,
} from "../support/editor.ts";

declare const RED: Editor;

/** A reader and a method call on the plant's simulator, and an endpoint that nobody answers. */
const flowOf = (url: string): object[] => [
  { id: "tags-tab", type: "tab", label: "Tags" },
  { id: "tags-plc", type: "fplus-opcua-endpoint", name: "New PLC", url: url },
  {
    id: "tags-reader",
    type: "fplus-opcua-read",
    z: "tags-tab",
    endpoint: "tags-plc",
    source: "table",
    limit: "1000",
    tags: [],
    mode: "subscribe",
    pollMs: "1000",
    publishingMs: "100",
    samplingMs: "0",
    queueSize: "10",
    enums: "text",
    output: "array",
    x: 200,
    y: 120,
    wires: [[], []],
  },
  { id: "tags-gone", type: "fplus-opcua-endpoint", name: "Gone", url: "opc.tcp://127.0.0.1:9/none" },
  {
    id: "tags-call",
    type: "fplus-opcua-call",
    z: "tags-tab",
    endpoint: "tags-plc",
    object: "",
    method: "",
    args: {},
    x: 200,
    y: 200,
    wires: [[]],
  },
];

/** A line of the tree with that name. */
function line(page: Page, name: string): Locator {
  return page.locator('.fplus-row[role="treeitem"]', { has: page.locator(`.fplus-name:text-is("${name}")`) });
}

async function openReader(page: Page): Promise<void> {
  await openDialog(page, "tags-reader");
  await page.locator("#fplus-opcua-read-browse").waitFor();
}

async function browse(page: Page): Promise<void> {
  // The dialog slides back after what was open over it; the editor takes no new one meanwhile.
  await page.waitForFunction(() => {
    const dialog = [...document.querySelectorAll(".red-ui-tray")].at(-1);
    return dialog !== undefined && getComputedStyle(dialog).right === "0px";
  });
  await page.locator("#fplus-opcua-read-browse").click();
  await line(page, "Acme").waitFor();
}

/** Opens the tree down to the machines of the line. */
async function openLine(page: Page): Promise<void> {
  await line(page, "Acme").click();
  // Folders that stand alone open by themselves; these do from the second level on.
  await line(page, "Press01").waitFor();
}

/** Waits until the table shows just so many rows. */
async function rowsShown(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll(".fplus-grid .fplus-list-inner > .fplus-row").length === wanted,
    count,
  );
}

describe("tags chosen by pointing", () => {
  const editor = editorOverPlant({
    async prepare(page, plant) {
      await importFlow(page, flowOf(plant.opcuaUrl));
      await showTab(page, "tags-tab");
    },
  });

  editor.test("a method is chosen by pointing, its object with it", async (page) => {
    await openDialog(page, "tags-call");
    await page.locator("#node-input-method ~ .fplus-pick").click();
    await line(page, "Acme").waitFor();
    await openLine(page);
    await line(page, "Press01").click();
    await line(page, "ResetFault").locator("input").check();
    await editor.screenshot("opcua-pick-method");
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>("#node-input-method")?.value === "ns=1;s=Press01.ResetFault",
    );
    assert.equal(await page.inputValue("#node-input-object"), "ns=1;s=Press01");
    await editor.screenshot("opcua-picked-method");
    await closeDialog(page, "ok");
  });

  editor.test("a server that does not answer is told in the tree's place", async (page) => {
    await openReader(page);
    await page.selectOption("#node-input-endpoint", "tags-gone");
    await page.locator("#fplus-opcua-read-browse").click();
    await page.locator(".fplus-browser > .fplus-error", { hasText: /connection refused/i }).waitFor();
    await page.waitForTimeout(2500);
    await editor.screenshot("opcua-tree-refused");
    assert.equal(editor.problems.length, 1);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".fplus-browser > .fplus-error", { hasText: /connection refused/i }).waitFor();
    await page.locator("#fplus-browser-cancel").click();
    await page.locator("#fplus-browser-cancel").waitFor({ state: "detached" });
    await closeDialog(page, "cancel");
    // One answer says so; the dialog does not go on asking.
    const fresh = editor.problems.splice(0);
    assert.ok(fresh.length === 2 && fresh[0]!.startsWith("409 "), fresh.join("\n"));
  });

  editor.test("a table that a message brings: the dialog says what to send, in place of the table", async (page) => {
    await openReader(page);
    await page.selectOption("#node-input-source", "message");
    await page.locator(".fplus-opcua-read-message", { hasText: "msg.tags" }).waitFor();
    assert.equal(await page.locator("#fplus-opcua-read-browse").isVisible(), false);
    assert.equal(await page.locator("#fplus-opcua-read-tags").isVisible(), false);
    await editor.screenshot("opcua-read-message");
    await closeDialog(page, "cancel");
  });

  editor.test("before any deploy: the tree shows live values, a search finds, ticks become rows", async (page) => {
    await openReader(page);
    await browse(page);
    await openLine(page);
    await line(page, "Press01").click();
    await line(page, "Temperature")
      .locator(".fplus-value-text", { hasText: /^[\d.]+$/ })
      .waitFor();
    await line(page, "State")
      .locator(".fplus-value-text", { hasText: /Running|Idle|Warming up/ })
      .waitFor();
    await line(page, "Temperature").locator("input").check();
    await line(page, "Load").click();
    await page.locator(".fplus-chosen", { hasText: "2 chosen" }).waitFor();
    await editor.screenshot("opcua-tree");
    await page.fill(".fplus-search", "bearing temp");
    await page.locator(".fplus-status", { hasText: /^6 found in [\d,]+ nodes/ }).waitFor();
    await page
      .locator('.fplus-row[role="option"] .fplus-value-text', { hasText: /^[\d.]+$/ })
      .first()
      .waitFor();
    await page.locator('.fplus-row[role="option"]', { hasText: "Press01" }).locator("input").check();
    await editor.screenshot("opcua-search");
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await rowsShown(page, 3);
    await editor.screenshot("opcua-tags-chosen");
  });

  editor.test(
    "the table: a mistake is named at its row, many rows are changed at once, and all can be taken back",
    async (page) => {
      const summary = page.locator("#fplus-opcua-read-tags > .fplus-status");
      await page.locator("#fplus-opcua-read-import").click();
      const lines = Array.from({ length: 3000 }, (_, i) => `Far${i % 20},Metric${i},ns=2;s=F${i},,,V`);
      await page.locator(".fplus-import input[type='file']").setInputFiles({
        name: "tags.csv",
        mimeType: "text/csv",
        buffer: Buffer.from(
          ["Device,Metric,NodeId,Sampling,Deadband,Unit", ...lines, "Far,Odd,nonsense", "Far,Fast,ns=2;s=X,fast"].join(
            "\n",
          ),
        ),
      });
      await page.getByText("3,002 tags.").waitFor();
      await editor.screenshot("opcua-tags-import");
      await page.locator(".red-ui-notification button", { hasText: "Add" }).click();
      await summary
        .filter({ hasText: /3,005 tags\. Not read: row 3004: NodeId or path .*nonsense.*; row 3005: Sampling/ })
        .waitFor();
      assert.ok((await page.locator(".fplus-grid .fplus-row").count()) < 40, "only what is seen is on the page");
      await page.getByLabel("mistakes only").check();
      await rowsShown(page, 2);
      await editor.screenshot("opcua-tags-mistakes");
      await page.getByLabel("mistakes only").uncheck();
      await page.fill("input[aria-label='Filter tags']", "far");
      await summary.filter({ hasText: "3,002 shown" }).waitFor();
      await page.getByLabel("Tick all that are shown").check();
      await page.getByText("3,002 ticked").waitFor();
      await page.fill("input[aria-label='Value for the ticked rows']", "750");
      await page.getByRole("button", { name: "Set", exact: true }).click();
      await page.locator("input[aria-label='Sampling of row 10']").waitFor();
      assert.equal(await page.inputValue("input[aria-label='Sampling of row 10']"), "750");
      await editor.screenshot("opcua-tags-many");
      await page.locator(".fplus-many").getByRole("button", { name: "Delete" }).click();
      await summary.filter({ hasText: /^3 tags/ }).waitFor();
      await page.getByRole("button", { name: "Undo" }).click();
      await summary.filter({ hasText: /^3,005 tags/ }).waitFor();
      await page.getByRole("button", { name: "Undo" }).click();
      await page.getByRole("button", { name: "Undo" }).click();
      await page.fill("input[aria-label='Filter tags']", "");
      await rowsShown(page, 3);
    },
  );

  editor.test("50 tags and a template are ticked, deployed and read", async (page) => {
    await browse(page);
    await openLine(page);
    for (const name of ["Mill01", "Oven01"]) await line(page, name).locator("input").check();
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await page.locator("#fplus-opcua-read-tags > .fplus-status", { hasText: /^[5-9]\d tags$/ }).waitFor();
    await browse(page);
    await openLine(page);
    await line(page, "Packer01").locator("input").check();
    await page.getByLabel("Read them from").selectOption("type");
    await editor.screenshot("opcua-tree-template");
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await page.locator(".fplus-template", { hasText: "every PackerType" }).first().waitFor();
    await page.evaluate(() => document.documentElement.classList.add("nr-theme-dark"));
    await editor.screenshot("opcua-tags-dark");
    await browse(page);
    await openLine(page);
    await line(page, "Press01").click();
    await line(page, "Temperature").locator(".fplus-value-text").waitFor();
    await line(page, "Temperature").locator("input").check();
    await editor.screenshot("opcua-tree-dark");
    await page.locator("#fplus-browser-cancel").click();
    await page.locator("#fplus-browser-cancel").waitFor({ state: "detached" });
    await page.evaluate(() => document.documentElement.classList.remove("nr-theme-dark"));
    await closeDialog(page, "ok");
    const tags = (await page.evaluate(() => RED.nodes.node("tags-reader")!["tags"])) as Record<string, unknown>[];
    assert.ok(tags.length > 50);
    assert.ok(tags.some(({ type, nodeId }) => typeof type === "string" && nodeId === "/1:Temperature"));
    await deploy(page);
    await page
      .locator(`[id="tags-reader"] .red-ui-flow-node-status-label`, {
        hasText: new RegExp(`^${tags.length} tags · [1-9]\\d*/s$`),
      })
      .waitFor();
    await editor.screenshot("opcua-tags-deployed");
  });
});
