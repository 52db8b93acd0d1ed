import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "../support/browser.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";

const manifest = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../package.json"), "utf8")) as {
  "node-red": { nodes: Record<string, string> };
};

interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly x: number;
  readonly y: number;
}

/** What the tests use of the editor's own object. */
interface Editor {
  readonly nodes: {
    node(id: string): EditorNode | null;
    getType(type: string): {
      readonly defaults: Record<string, { readonly validate?: (value: unknown, options: unknown) => unknown }>;
    };
    eachNode(visit: (node: EditorNode) => void): void;
    eachConfig(visit: (node: EditorNode) => void): void;
  };
  readonly editor: { edit(node: EditorNode): void; editConfig(name: string, type: string, id: string): void };
  readonly workspaces: { show(id: string): void };
  readonly actions: { invoke(action: string): void };
  readonly view: { importNodes(flow: object, options: { generateIds: boolean; addFlow: boolean }): void };
}
declare const RED: Editor;

/** Drags a type from the palette onto the canvas, as a hand would. */
async function drag(page: Page, type: string, x: number, y: number): Promise<string> {
  const before = await page.evaluate(() => {
    const ids: string[] = [];
    RED.nodes.eachNode(({ id }) => void ids.push(id));
    return ids;
  });
  await page.fill("#red-ui-palette-search input", type);
  const item = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  await item.waitFor();
  // The palette's categories slide.
  await page.waitForTimeout(700);
  await item.scrollIntoViewIfNeeded();
  const from = (await item.boundingBox())!;
  const canvas = (await page.locator("#red-ui-workspace-chart").boundingBox())!;
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 20, { steps: 5 });
  await page.mouse.move(canvas.x + x, canvas.y + y, { steps: 15 });
  await page.mouse.up();
  await page.waitForTimeout(300);
  const added = await page.evaluate((known) => {
    const ids: string[] = [];
    RED.nodes.eachNode(({ id }) => void (known.includes(id) || ids.push(id)));
    return ids;
  }, before);
  assert.equal(added.length, 1, `${type} was dropped`);
  return added[0]!;
}

async function open(page: Page, id: string): Promise<void> {
  await page.evaluate((node) => RED.editor.edit(RED.nodes.node(node)!), id);
  await page.locator("#node-dialog-ok").waitFor();
  await page.waitForTimeout(400);
}

async function done(page: Page): Promise<void> {
  await page.locator("#node-dialog-ok").click();
  await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
}

describe("the editor", () => {
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;
  let opcua: number;

  before(async () => {
    if (chromiumProgram === undefined) return;
    const ports = await freePorts(3);
    opcua = ports[1]!;
    plant = await startPlant({ ports, stateDir: await newState() });
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

  test("shows the plant on the canvas, alive", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.locator(".red-ui-flow-node-status-label", { hasText: /174 tags · \d+\/s/ }).waitFor();
    await page.waitForTimeout(1500);
    await watched.screenshot("editor");
    assert.deepEqual(watched.problems, []);
  });

  test("every dialog opens with its fields labelled, and its help", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    const nodes = await page.evaluate(() => {
      const found: { id: string; type: string; config: boolean }[] = [];
      RED.nodes.eachNode(({ id, type }) => void found.push({ id, type, config: false }));
      RED.nodes.eachConfig(({ id, type }) => void found.push({ id, type, config: true }));
      return found.filter(({ type }) => type.startsWith("fplus-"));
    });
    assert.ok(nodes.length >= 14);
    for (const { id, type, config } of nodes) {
      const ok = config ? "#node-config-dialog-ok" : "#node-dialog-ok";
      await page.evaluate(
        ([nodeId, nodeType, isConfig]) =>
          isConfig === "true"
            ? RED.editor.editConfig("", nodeType!, nodeId!)
            : RED.editor.edit(RED.nodes.node(nodeId!)!),
        [id, type, String(config)],
      );
      await page.locator(ok).waitFor();
      await page.waitForTimeout(350);
      const unlabelled = await page.evaluate(() =>
        [
          ...document.querySelectorAll<HTMLElement>(
            ".red-ui-tray-body [id^=node-input-], .red-ui-tray-body [id^=node-config-input-]",
          ),
        ]
          .filter(
            (field) =>
              field.offsetParent !== null &&
              field.id !== "node-input-node-disabled" &&
              field.id !== "node-config-input-node-disabled",
          )
          .filter(
            ({ id: field }) =>
              document.querySelector(`label[for="${field}"]`) === null && !/scope|icon|outputs|-btn-/.test(field),
          )
          .map((field) => field.id),
      );
      assert.deepEqual(unlabelled, [], type);
      await watched.screenshot(`dialog-${type}`);
      await page.locator(config ? "#node-config-dialog-cancel" : "#node-dialog-cancel").click();
      await page.locator(ok).waitFor({ state: "hidden" });
    }
    assert.deepEqual(watched.problems, []);
    const types = Object.keys(manifest["node-red"].nodes);
    assert.deepEqual(
      nodes.map(({ type }) => type).filter((type) => !types.includes(type)),
      [],
    );
  });

  test("every check of a field can say what is wrong", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const checks = await watched.page.evaluate(
      (types) =>
        types.flatMap((type) =>
          Object.entries(RED.nodes.getType(type).defaults).flatMap(([property, { validate: check }]) =>
            check === undefined ? [] : [{ field: `${type}.${property}`, parameters: check.length }],
          ),
        ),
      Object.keys(manifest["node-red"].nodes),
    );
    assert.ok(checks.length >= 20);
    // The editor takes a sentence only from checks with two parameters.
    assert.deepEqual(
      checks.filter(({ parameters }) => parameters !== 2),
      [],
    );
  });

  test("drag a reader, make an endpoint, browse, tick a tag, wire a debug, deploy, and the value comes", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.evaluate(() => RED.actions.invoke("core:add-flow"));
    await page.waitForTimeout(400);
    const reader = await drag(page, "fplus-opcua-read", 200, 150);
    await open(page, reader);

    // A new endpoint: an address that is none shows what is wrong, the right one answers the test.
    await page.locator("#node-input-btn-endpoint-add").click();
    await page.locator("#node-config-dialog-ok").waitFor();
    await page.waitForTimeout(500);
    await page.fill("#node-config-input-url", "");
    await page.locator("#node-config-input-url").pressSequentially("plc without a scheme");
    await watched.screenshot("endpoint-wrong");
    await page.locator("#node-config-input-url.input-error").waitFor();
    await page.fill("#node-config-input-url", `opc.tcp://127.0.0.1:${opcua}/fplus`);
    await page.fill("#node-config-input-name", "My PLC");
    await page.locator("#fplus-opcua-test").click();
    await page.getByText(/Connected: \d+ variables on \d+ devices/).waitFor();
    await watched.screenshot("endpoint-test");
    await page.locator("#node-config-dialog-ok").click();
    await page.locator("#node-config-dialog-ok").waitFor({ state: "hidden" });
    await page.selectOption("#node-input-source", "table");
    await page.selectOption("#node-input-output", "value");
    await done(page);

    // The server can be browsed once the endpoint runs.
    await deploy(page);
    await open(page, reader);
    await page.locator("#fplus-opcua-read-browse").click();
    await page.fill(".fplus-search", "Press01/Temperature");
    const tag = page.locator('.fplus-row[role="option"]', { has: page.locator('.fplus-name:text-is("Temperature")') });
    await tag.locator("input").check();
    await tag.locator(".fplus-value-text", { hasText: /^[\d.]+$/ }).waitFor();
    await watched.screenshot("browse");
    await page.locator("#fplus-browser-add").click();
    await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
    await page.locator("#fplus-opcua-read-tags input[value='Press01'], #fplus-opcua-read-tags").first().waitFor();
    await page.waitForTimeout(800);
    await watched.screenshot("tag-table");
    await done(page);

    const debug = await drag(page, "debug", 480, 150);
    await wire(page, reader, debug);
    await deploy(page);
    await page.locator(".red-ui-flow-node-status-label", { hasText: /^1 tag · / }).waitFor();
    await page.evaluate(() => RED.actions.invoke("core:show-debug-tab"));
    await page.locator(".red-ui-debug-msg .red-ui-debug-msg-type-number").first().waitFor();
    await page.waitForTimeout(1200);
    await watched.screenshot("editor-first-value");
    assert.deepEqual(watched.problems, []);
  });

  test("a method is called by pointing: its arguments become fields, and a click triggers a fault", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    const inject = await drag(page, "inject", 200, 300);
    const call = await drag(page, "fplus-opcua-call", 480, 300);
    await wire(page, inject, call);
    await open(page, call);
    await page.selectOption("#node-input-endpoint", "fplus-endpoint-plc");
    await page.fill("#node-input-object", "ns=1;s=Press01");
    await page.fill("#node-input-method", "ns=1;s=Press01.TriggerFault");
    await page.locator("#fplus-opcua-call-read").click();
    await page.locator("input[data-argument='Code']").fill("17");
    await page.getByText("Gives nothing back.").waitFor();
    await watched.screenshot("opcua-call");
    await done(page);
    await deploy(page);
    await page.locator(`[id="${inject}"] .red-ui-flow-node-button-button`).click();
    await page.locator(".red-ui-flow-node-status-label", { hasText: /^1 called$/ }).waitFor();
    assert.deepEqual(watched.problems, []);
  });

  test("the Sparkplug example: a click writes to a device, which confirms; metrics are offered while typing", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    const [port] = await freePorts(1);
    const example = readFileSync(path.resolve(import.meta.dirname, "../../flows/sparkplug-round-trip.json"), "utf8");
    await page.evaluate(
      (flow) => RED.view.importNodes(JSON.parse(flow) as object, { generateIds: false, addFlow: false }),
      example.replaceAll("1885", String(port)),
    );
    await page.waitForTimeout(500);
    await deploy(page);
    await page.evaluate(() => RED.workspaces.show("fplus-round-tab"));
    await page.locator(".red-ui-flow-node-status-label", { hasText: /^1 device · / }).waitFor();
    await page.evaluate(() => RED.actions.invoke("core:clear-debug-messages"));
    await page.locator('[id="fplus-round-write"] .red-ui-flow-node-button-button').click();
    await page.locator(".red-ui-flow-node-status-label", { hasText: /confirmed after \d+ ms/ }).waitFor();
    await open(page, "fplus-round-command");
    await page.locator("#node-input-metric").pressSequentially("setpoint");
    await page.locator(".red-ui-autoComplete-container", { hasText: "Demo/Desk/Press/Setpoint" }).waitFor();
    await watched.screenshot("sparkplug-command");
    await page.keyboard.press("Escape");
    await page.locator("#node-dialog-cancel").click({ force: true });
    await page.locator("#node-dialog-ok").waitFor({ state: "hidden" });
    await page.waitForTimeout(500);
    await watched.screenshot("sparkplug-round-trip");
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

/** Draws a wire from an output to an input. */
async function wire(page: Page, from: string, to: string): Promise<void> {
  const port = async (id: string, kind: string): Promise<{ x: number; y: number }> => {
    const box = (await page
      .locator(`[id="${id}"] .red-ui-flow-port-${kind} .red-ui-flow-port, [id="${id}"] .red-ui-flow-port`)
      .first()
      .boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const start = await port(from, "output");
  const end = await port(to, "input");
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move(start.x + 40, start.y, { steps: 5 });
  await page.mouse.move(end.x, end.y, { steps: 15 });
  await page.mouse.up();
}
