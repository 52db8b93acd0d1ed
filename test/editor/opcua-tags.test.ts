import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "../support/browser.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";

/** What the test uses of the editor's own object. */
interface Editor {
  readonly nodes: { node(id: string): ReaderNode | null };
  readonly editor: { edit(node: ReaderNode): void };
  readonly workspaces: { show(id: string): void };
  readonly view: { importNodes(flow: object, options: { generateIds: boolean; addFlow: boolean }): void };
}
interface ReaderNode {
  readonly tags: readonly Record<string, unknown>[];
}
declare const RED: Editor;

/** A line of the tree with that name. */
function line(page: Page, name: string): Locator {
  return page.locator('.fplus-row[role="treeitem"]', { has: page.locator(`.fplus-name:text-is("${name}")`) });
}

async function openReader(page: Page): Promise<void> {
  await page.evaluate(() => RED.editor.edit(RED.nodes.node("tags-reader")!));
  await page.locator("#fplus-opcua-read-browse").waitFor();
  await page.waitForTimeout(500);
}

async function browse(page: Page): Promise<void> {
  await page.locator("#fplus-opcua-read-browse").click();
  await line(page, "Acme").waitFor();
  await page.waitForTimeout(500);
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
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;

  before(async () => {
    if (chromiumProgram === undefined) return;
    const ports = await freePorts(3);
    plant = await startPlant({ ports, stateDir: await newState() });
    await plant.printed(/live values/);
    browser = await openBrowser();
    watched = await openPage(browser);
    await openEditor(watched, `${plant.url}/`, PASSWORD);
    const flow = [
      { id: "tags-tab", type: "tab", label: "Tags" },
      { id: "tags-plc", type: "fplus-opcua-endpoint", name: "New PLC", url: `opc.tcp://127.0.0.1:${ports[1]}/fplus` },
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
    await watched.page.evaluate(
      (nodes) => RED.view.importNodes(nodes, { generateIds: false, addFlow: false }),
      flow as object,
    );
    await watched.page.evaluate(() => RED.workspaces.show("tags-tab"));
    await watched.page.waitForTimeout(500);
  });
  after(async () => {
    await browser?.close();
    if (plant === undefined) return;
    await plant.stop();
    await removeState(plant.stateDir);
  });

  test("a method is chosen by pointing, its object with it", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.evaluate(() => RED.editor.edit(RED.nodes.node("tags-call")!));
    await page.locator("#node-input-method ~ .fplus-pick").click();
    await line(page, "Acme").waitFor();
    await page.waitForTimeout(500);
    await openLine(page);
    await line(page, "Press01").click();
    await line(page, "ResetFault").locator("input").check();
    await watched.screenshot("opcua-pick-method");
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>("#node-input-method")?.value === "ns=1;s=Press01.ResetFault",
    );
    assert.equal(await page.inputValue("#node-input-object"), "ns=1;s=Press01");
    await watched.screenshot("opcua-picked-method");
    await page.locator("#node-dialog-ok").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    assert.deepEqual(watched.problems, []);
  });

  test("a server that does not answer is told in the tree's place", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    const known = watched.problems.length;
    await openReader(page);
    await page.selectOption("#node-input-endpoint", "tags-gone");
    await page.locator("#fplus-opcua-read-browse").click();
    await page.locator(".fplus-browser > .fplus-error", { hasText: /connection refused/i }).waitFor();
    await page.waitForTimeout(2500);
    await watched.screenshot("opcua-tree-refused");
    assert.equal(watched.problems.length, known + 1);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".fplus-browser > .fplus-error", { hasText: /connection refused/i }).waitFor();
    await page.locator("#fplus-browser-cancel").click();
    await page.locator("#fplus-browser-cancel").waitFor({ state: "detached" });
    await page.locator("#node-dialog-cancel").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    // One answer says so; the dialog does not go on asking.
    const fresh = watched.problems.splice(known);
    assert.ok(fresh.length === 2 && fresh[0]!.startsWith("409 "), fresh.join("\n"));
  });

  test("before any deploy: the tree shows live values, a search finds, ticks become rows", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
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
    await watched.screenshot("opcua-tree");
    await page.fill(".fplus-search", "bearing temp");
    await page.locator(".fplus-status", { hasText: /^6 found in [\d,]+ nodes/ }).waitFor();
    await page
      .locator('.fplus-row[role="option"] .fplus-value-text', { hasText: /^[\d.]+$/ })
      .first()
      .waitFor();
    await page.locator('.fplus-row[role="option"]', { hasText: "Press01" }).locator("input").check();
    await watched.screenshot("opcua-search");
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await rowsShown(page, 3);
    await watched.screenshot("opcua-tags-chosen");
    assert.deepEqual(watched.problems, []);
  });

  test("the table: a mistake is named at its row, many rows are changed at once, and all can be taken back", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
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
    await watched.screenshot("opcua-tags-import");
    await page.locator(".red-ui-notification button", { hasText: "Add" }).click();
    await summary
      .filter({ hasText: /3,005 tags\. Not read: row 3004: NodeId or path .*nonsense.*; row 3005: Sampling/ })
      .waitFor();
    assert.ok((await page.locator(".fplus-grid .fplus-row").count()) < 40, "only what is seen is on the page");
    await page.getByLabel("mistakes only").check();
    await rowsShown(page, 2);
    await watched.screenshot("opcua-tags-mistakes");
    await page.getByLabel("mistakes only").uncheck();
    await page.fill("input[aria-label='Filter tags']", "far");
    await summary.filter({ hasText: "3,002 shown" }).waitFor();
    await page.getByLabel("Tick all that are shown").check();
    await page.getByText("3,002 ticked").waitFor();
    await page.fill("input[aria-label='Value for the ticked rows']", "750");
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await page.locator("input[aria-label='Sampling of row 10']").waitFor();
    assert.equal(await page.inputValue("input[aria-label='Sampling of row 10']"), "750");
    await watched.screenshot("opcua-tags-many");
    await page.locator(".fplus-many").getByRole("button", { name: "Delete" }).click();
    await summary.filter({ hasText: /^3 tags/ }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await summary.filter({ hasText: /^3,005 tags/ }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.fill("input[aria-label='Filter tags']", "");
    await rowsShown(page, 3);
    assert.deepEqual(watched.problems, []);
  });

  test("50 tags and a template are ticked, deployed and read", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
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
    await watched.screenshot("opcua-tree-template");
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await page.locator(".fplus-template", { hasText: "every PackerType" }).first().waitFor();
    await page.evaluate(() => document.documentElement.classList.add("nr-theme-dark"));
    await watched.screenshot("opcua-tags-dark");
    await browse(page);
    await openLine(page);
    await line(page, "Press01").click();
    await line(page, "Temperature").locator(".fplus-value-text").waitFor();
    await line(page, "Temperature").locator("input").check();
    await watched.screenshot("opcua-tree-dark");
    await page.locator("#fplus-browser-cancel").click();
    await page.locator("#fplus-browser-cancel").waitFor({ state: "detached" });
    await page.evaluate(() => document.documentElement.classList.remove("nr-theme-dark"));
    await page.waitForTimeout(500);
    await page.locator("#node-dialog-ok").click();
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    const tags = await page.evaluate(() => RED.nodes.node("tags-reader")!.tags);
    assert.ok(tags.length > 50);
    assert.ok(tags.some(({ type, nodeId }) => typeof type === "string" && nodeId === "/1:Temperature"));
    await page.locator("#red-ui-header-button-deploy").click();
    await page
      .locator(".red-ui-notification", { hasText: /Successfully deployed/i })
      .first()
      .waitFor();
    await page
      .locator(`[id="tags-reader"] .red-ui-flow-node-status-label`, {
        hasText: new RegExp(`^${tags.length} tags · [1-9]\\d*/s$`),
      })
      .waitFor();
    await watched.screenshot("opcua-tags-deployed");
    assert.deepEqual(watched.problems, []);
  });
});
