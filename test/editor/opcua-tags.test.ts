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

  test("before any deploy: the tree shows live values, a search finds, ticks become rows", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await openReader(page);
    await browse(page);
    for (const name of ["Sheffield", "Machining", "Line1", "Press01"]) {
      if ((await line(page, name).count()) === 0) await line(page, "Acme").click();
      await line(page, name).waitFor();
      if ((await line(page, name).getAttribute("aria-expanded")) === "false") await line(page, name).click();
    }
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
    await page.waitForTimeout(600);
    await watched.screenshot("opcua-tags-chosen");
    assert.deepEqual(watched.problems, []);
  });
});
