import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe } from "node:test";
import {
  closeDialog,
  deploy,
  deployExample,
  dialogStands,
  dragNode,
  drawWire,
  type Editor,
  editorOverPlant,
  openDialog,
  press,
  statusShows,
} from "../support/editor.ts";
import { freePorts } from "../support/ports.ts";

declare const RED: Editor;

const manifest = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../package.json"), "utf8")) as {
  "node-red": { nodes: Record<string, string> };
};

describe("the editor", () => {
  const editor = editorOverPlant();

  editor.test("shows the plant on the canvas, alive", async (page) => {
    await statusShows(page, /174 tags · \d+\/s/);
    await editor.screenshot("editor");
  });

  editor.test("every check of a field can say what is wrong", async (page) => {
    const checks = await page.evaluate(
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

  editor.test(
    "drag a reader, make an endpoint, browse, tick a tag, wire a debug, deploy, and the value comes",
    async (page) => {
      await page.evaluate(() => RED.actions.invoke("core:add-flow"));
      const reader = await dragNode(page, "fplus-opcua-read", 200, 150);
      await openDialog(page, reader);

      // A new endpoint: an address that is none shows what is wrong, the right one answers the test.
      await page.locator("#node-input-btn-endpoint-add").click();
      await dialogStands(page);
      await page.fill("#node-config-input-url", "");
      await page.locator("#node-config-input-url").pressSequentially("plc without a scheme");
      await editor.screenshot("endpoint-wrong");
      await page.locator("#node-config-input-url.input-error").waitFor();
      await page.fill("#node-config-input-url", editor.plant.opcuaUrl);
      await page.fill("#node-config-input-name", "My PLC");
      await page.locator("#fplus-opcua-test").click();
      await page.getByText(/Connected: \d+ variables on \d+ devices/).waitFor();
      await editor.screenshot("endpoint-test");
      await closeDialog(page, "ok");
      await page.selectOption("#node-input-source", "table");
      await page.selectOption("#node-input-output", "value");
      await closeDialog(page, "ok");

      // The server can be browsed once the endpoint runs.
      await deploy(page);
      await openDialog(page, reader);
      await page.locator("#fplus-opcua-read-browse").click();
      await page.fill(".fplus-search", "Press01/Temperature");
      const tag = page.locator('.fplus-row[role="option"]', {
        has: page.locator('.fplus-name:text-is("Temperature")'),
      });
      await tag.locator("input").check();
      await tag.locator(".fplus-value-text", { hasText: /^[\d.]+$/ }).waitFor();
      await editor.screenshot("browse");
      await page.locator("#fplus-browser-add").click();
      await page.locator("#fplus-browser-add").waitFor({ state: "detached" });
      await page.locator("#fplus-opcua-read-tags input[value='Press01'], #fplus-opcua-read-tags").first().waitFor();
      await editor.screenshot("tag-table");
      await closeDialog(page, "ok");

      const debug = await dragNode(page, "debug", 480, 150);
      await drawWire(page, reader, debug);
      await deploy(page);
      await statusShows(page, /^1 tag · /);
      await page.evaluate(() => RED.actions.invoke("core:show-debug-tab"));
      await page.locator(".red-ui-debug-msg .red-ui-debug-msg-type-number").first().waitFor();
      await editor.screenshot("editor-first-value");
    },
  );

  editor.test(
    "a method is called by pointing: its arguments become fields, and a click triggers a fault",
    async (page) => {
      const inject = await dragNode(page, "inject", 200, 300);
      const call = await dragNode(page, "fplus-opcua-call", 480, 300);
      await drawWire(page, inject, call);
      await openDialog(page, call);
      await page.selectOption("#node-input-endpoint", "fplus-endpoint-plc");
      await page.fill("#node-input-object", "ns=1;s=Press01");
      await page.fill("#node-input-method", "ns=1;s=Press01.TriggerFault");
      await page.locator("#fplus-opcua-call-read").click();
      await page.locator("input[data-argument='Code']").fill("17");
      await page.getByText("Gives nothing back.").waitFor();
      await editor.screenshot("opcua-call");
      await closeDialog(page, "ok");
      await deploy(page);
      await press(page, inject);
      await statusShows(page, /^1 called$/);
    },
  );

  editor.test(
    "the Sparkplug example: a click writes to a device, which confirms; metrics are offered while typing",
    async (page) => {
      const [port] = await freePorts(1);
      await deployExample(page, "sparkplug-round-trip", "fplus-round-tab", { 1885: port! });
      await statusShows(page, /^1 device · /);
      await page.evaluate(() => RED.actions.invoke("core:clear-debug-messages"));
      await press(page, "fplus-round-write");
      await statusShows(page, /confirmed after \d+ ms/);
      await openDialog(page, "fplus-round-command");
      await page.locator("#node-input-metric").pressSequentially("setpoint");
      await page.locator(".red-ui-autoComplete-container", { hasText: "Demo/Desk/Press/Setpoint" }).waitFor();
      await editor.screenshot("sparkplug-command");
      await page.keyboard.press("Escape");
      await closeDialog(page, "cancel");
      await editor.screenshot("sparkplug-round-trip");
    },
  );
});
