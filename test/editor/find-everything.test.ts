import { readFileSync } from "node:fs";
import path from "node:path";
import { describe } from "node:test";
import type { Page } from "playwright-core";
import {
  closeDialog,
  deploy,
  deployExample,
  editorOverPlant,
  importFlow,
  openDialog,
  press,
  showTab,
  statusShows,
} from "../support/editor.ts";
import { freePorts } from "../support/ports.ts";

/** Presses a button of the last row; the debug sidebar then has one more answer of one document. */
async function findsOne(page: Page, what: string, answers: number): Promise<void> {
  await press(page, `fplus-find-${what}-ask`);
  const found = page.locator(".red-ui-debug-msg", { hasText: /node: found/ }).filter({ hasText: /array\[1\]/ });
  await found.nth(answers - 1).waitFor();
}

describe("the example that finds everything", () => {
  const editor = editorOverPlant({ height: 1000 });

  editor.test("configurations, schemas, alerts and documents are found as soon as they are there", async (page) => {
    const [opcua] = await freePorts(1);
    await deployExample(page, "history-and-alarms", "fplus-history-tab", { 4851: opcua! });
    // The editor offers to use the endpoint that is there already.
    const file = path.resolve(import.meta.dirname, "../../flows/find-everything.json");
    const flow = JSON.parse(readFileSync(file, "utf8")) as { type: string }[];
    await importFlow(
      page,
      flow.filter(({ type }) => type !== "fplus-opcua-endpoint"),
    );
    await deploy(page);
    await showTab(page, "fplus-history-tab");
    await press(page, "fplus-history-heat");
    await showTab(page, "fplus-find-tab");
    // The tables are made after the nodes that index them have started.
    await statusShows(page, "2 indexed", "fplus-find-configurations");
    await statusShows(page, "1 indexed", "fplus-find-schemas");
    await findsOne(page, "configuration", 1);
    await press(page, "fplus-find-change");
    await statusShows(page, "3 indexed", "fplus-find-configurations");
    await press(page, "fplus-find-store");
    await statusShows(page, "1 indexed", "fplus-find-documents");
    await findsOne(page, "schema", 2);
    await findsOne(page, "document", 3);
    await statusShows(page, /^\d+ indexed$/, "fplus-find-alerts");
    await findsOne(page, "alert", 4);
    await editor.screenshot("find-everything");
    await openDialog(page, "fplus-find-configurations");
    await editor.screenshot("search-table");
    await closeDialog(page, "cancel");
  });
});
