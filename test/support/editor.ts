import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "./browser.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "./plant.ts";
import { missing } from "./services.ts";
import { until } from "./until.ts";

/** A node as the editor has it; its other properties are those of its type. */
export interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

/** What the tests use of the editor's own object: `declare const RED: Editor`, for functions that run in the page. */
export interface Editor {
  readonly nodes: {
    node(id: string): EditorNode | null;
    getType(type: string): {
      readonly category: string;
      readonly defaults: Record<
        string,
        {
          readonly value: unknown;
          readonly type?: string;
          readonly required?: boolean;
          readonly label?: string;
          readonly validate?: (value: unknown, options: unknown) => unknown;
        }
      >;
    };
    eachNode(visit: (node: EditorNode) => void): void;
    eachConfig(visit: (node: EditorNode) => void): void;
    eachLink(visit: (link: { readonly source: EditorNode; readonly target: EditorNode }) => void): void;
  };
  readonly editor: { edit(node: EditorNode): void; editConfig(name: string, type: string, id: string): void };
  readonly events: { on(event: string, heard: () => void): void; off(event: string, heard: () => void): void };
  readonly workspaces: { show(id: string): void };
  readonly actions: { invoke(action: string): void };
  readonly view: {
    importNodes(flow: unknown, options: { generateIds: boolean; addFlow: boolean; touchImport?: boolean }): void;
  };
}
declare const RED: Editor;

/** A plant with its editor open and signed in, for the tests of one `describe`. */
export interface EditorOverPlant {
  readonly plant: PlantRun;
  readonly page: Page;
  /** What went wrong on the page in the present test. */
  readonly problems: string[];
  screenshot(name: string): Promise<void>;
  /**
   * A test in that editor; left out without a browser. It fails when the page had a problem, too.
   * With `refusals` the test asks for what the server refuses: answers of 409 are no problem.
   */
  test(name: string, run: (page: Page, t: TestContext) => Promise<void>, options?: { refusals?: boolean }): void;
}

/** To be called within a `describe`: starts a plant, a browser and the editor before its tests and ends them after. */
export function editorOverPlant(
  options: { height?: number; width?: number; prepare?: (page: Page, plant: PlantRun) => Promise<void> } = {},
): EditorOverPlant {
  let plant: PlantRun | undefined;
  let browser: Browser | undefined;
  let watched: WatchedPage | undefined;
  before(async () => {
    if (chromiumProgram === undefined) return;
    plant = await startPlant({ stateDir: await newState() });
    await plant.printed(/live values/);
    browser = await openBrowser();
    watched = await openPage(browser, options.width, options.height);
    await openEditor(watched, `${plant.url}/`, PASSWORD);
    await watched.page.locator(".red-ui-flow-node").first().waitFor();
    await options.prepare?.(watched.page, plant);
  });
  after(async () => {
    await browser?.close();
    await plant?.stop();
    if (plant !== undefined) await removeState(plant.stateDir);
  });
  return {
    get plant() {
      return plant!;
    },
    get page() {
      return watched!.page;
    },
    get problems() {
      return watched!.problems;
    },
    screenshot: (name) => watched!.screenshot(name),
    test(name, run, { refusals = false } = {}) {
      void test(name, async (t) => {
        if (missing(t, "chromium", chromiumProgram)) return;
        watched!.problems.length = 0;
        await run(watched!.page, t);
        assert.deepEqual(
          watched!.problems.filter((problem) => !refusals || !problem.startsWith("409 ")),
          [],
        );
      });
    },
  };
}

/** Opens a node's dialog and waits until it stands still and has the focus. */
export async function openDialog(page: Page, id: string): Promise<void> {
  await page.evaluate((node) => RED.editor.edit(RED.nodes.node(node)!), id);
  await dialogStands(page);
}

/** Opens the dialog of a configuration node; of a new one with `_ADD_`. */
export async function openConfigDialog(page: Page, type: string, id: string): Promise<void> {
  await page.evaluate(([name, node]) => RED.editor.editConfig("", name!, node!), [type, id]);
  await dialogStands(page);
}

/** Dialogs slide in, are then filled and get the focus last. */
export async function dialogStands(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const dialog = [...document.querySelectorAll(".red-ui-tray")].at(-1);
    return (
      dialog !== undefined &&
      getComputedStyle(dialog).right === "0px" &&
      dialog.querySelector(".red-ui-tray-body")!.contains(document.activeElement)
    );
  });
}

/** Closes the topmost dialog with Done (Add, Update) or Cancel and waits until it is gone. */
export async function closeDialog(page: Page, how: "ok" | "cancel"): Promise<void> {
  const isConfig = await page.locator("#node-config-dialog-ok").isVisible();
  const kind = isConfig ? "#node-config-dialog" : "#node-dialog";
  await page.locator(`${kind}-${how}`).click();
  await page.locator(`${kind}-ok`).waitFor({ state: "hidden" });
}

/** Deploys as a hand would, and confirms where the editor asks. */
export async function deploy(page: Page): Promise<void> {
  let isDone = false;
  const deployed = page
    .evaluate(
      () =>
        new Promise<void>((resolve) => {
          const heard = (): void => (RED.events.off("deploy", heard), resolve());
          RED.events.on("deploy", heard);
        }),
    )
    .then(() => (isDone = true));
  await page.locator("#red-ui-header-button-deploy:not(.disabled)").click();
  const confirm = page.locator(".red-ui-notification button", { hasText: "Confirm deploy" });
  await until("the deploy", async () => {
    await confirm.evaluateAll((buttons) => buttons.forEach((button) => (button as HTMLElement).click()));
    return isDone;
  });
  await deployed;
  await page.locator(".red-ui-deploy-button-spinner").waitFor({ state: "hidden" });
}

/** Imports a flow with its ids. */
export async function importFlow(page: Page, flow: readonly object[]): Promise<void> {
  await page.evaluate((nodes) => RED.view.importNodes(nodes, { generateIds: false, addFlow: false }), flow as object[]);
}

/** Imports a preset of `flows/`, deploys it and shows its tab; `ports` says which of its ports become which. */
export async function deployExample(
  page: Page,
  name: string,
  tab: string,
  ports: Readonly<Record<string, number>> = {},
): Promise<void> {
  let text = readFileSync(path.resolve(import.meta.dirname, `../../flows/${name}.json`), "utf8");
  for (const [from, to] of Object.entries(ports)) text = text.replaceAll(from, String(to));
  await importFlow(page, JSON.parse(text) as object[]);
  await deploy(page);
  await showTab(page, tab);
}

export async function showTab(page: Page, id: string): Promise<void> {
  await page.evaluate((tab) => RED.workspaces.show(tab), id);
  await page.locator(".red-ui-flow-node").first().waitFor();
}

/** Presses the button of an inject node. */
export async function press(page: Page, id: string): Promise<void> {
  await page.locator(`[id="${id}"] .red-ui-flow-node-button-button`).click();
}

/** Waits until a node, or any node on the canvas, shows that status. */
export async function statusShows(page: Page, text: string | RegExp, id?: string): Promise<void> {
  const node = id === undefined ? "" : `[id="${id}"] `;
  await page.locator(`${node}.red-ui-flow-node-status-label`, { hasText: text }).first().waitFor();
}

/** Drags a type from the palette onto the canvas, as a hand would; gives the new node's id. */
export async function dragNode(page: Page, type: string, x: number, y: number): Promise<string> {
  const ids = (): Promise<string[]> =>
    page.evaluate(() => {
      const found: string[] = [];
      RED.nodes.eachNode(({ id }) => void found.push(id));
      return found;
    });
  const known = await ids();
  await page.fill("#red-ui-palette-search input", type);
  const item = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  // The palette's categories slide; to hover is to wait until it stands.
  await item.hover();
  const canvas = (await page.locator("#red-ui-workspace-chart").boundingBox())!;
  const from = (await item.boundingBox())!;
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 20, { steps: 5 });
  await page.mouse.move(canvas.x + x, canvas.y + y, { steps: 15 });
  await page.mouse.up();
  let added: string[] = [];
  await until(`${type} to be dropped`, async () => {
    added = (await ids()).filter((id) => !known.includes(id));
    return added.length > 0;
  });
  assert.equal(added.length, 1, `one ${type} was dropped`);
  await page.locator(`[id="${added[0]}"]`).waitFor();
  return added[0]!;
}

/** Draws a wire from the first output of a node to the input of another. */
export async function drawWire(page: Page, from: string, to: string): Promise<void> {
  const port = async (id: string, kind: string): Promise<{ x: number; y: number }> => {
    const box = (await page.locator(`[id="${id}"] .red-ui-flow-port-${kind}`).first().boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const start = await port(from, "output");
  const end = await port(to, "input");
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move(start.x + 40, start.y, { steps: 5 });
  await page.mouse.move(end.x, end.y, { steps: 15 });
  await page.mouse.up();
  await page.waitForFunction(
    ([source, target]) => {
      let isThere = false;
      RED.nodes.eachLink((link) => void (isThere ||= link.source.id === source && link.target.id === target));
      return isThere;
    },
    [from, to],
  );
}
