import assert from "node:assert/strict";
import { describe } from "node:test";
import { Client } from "minio";
import type { Locator } from "playwright-core";
import {
  closeDialog,
  deploy,
  deployExample,
  type Editor,
  editorOverPlant,
  openConfigDialog,
  openDialog,
  press,
  statusShows,
} from "../support/editor.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

declare const RED: Editor;

describe("the editor's stores", () => {
  const editor = editorOverPlant();

  editor.test(
    "the search example: clicks index and find, and words typed into the dialog find at once",
    async (page) => {
      await deployExample(page, "search", "fplus-search-tab");
      await press(page, "fplus-search-make");
      await statusShows(page, "200 indexed");
      await press(page, "fplus-search-seed");
      await statusShows(page, /found · \d+ ms/);
      // The plant itself is indexed too.
      await statusShows(page, /^\d+ tags · \d+ devices$/);
      await editor.screenshot("search-example");
      await openDialog(page, "fplus-search-words");
      await page.locator("#fplus-search-q").pressSequentially("temprature senser");
      await page.locator("#fplus-search-says", { hasText: /found in \d+ ms/ }).waitFor();
      await page.locator(".fplus-search-hit mark", { hasText: "Temperature" }).first().waitFor();
      await editor.screenshot("search-dialog");
      await page.fill("#node-input-filter", "colour = red");
      await page.locator("#node-input-filter").blur();
      await page.locator("#fplus-search-says", { hasText: /colour is not filterable/ }).waitFor();
      await page.fill("#node-input-filter", "status = offline");
      await page.fill("#node-input-facets", "location, device_type");
      await page.locator("#node-input-facets").blur();
      await page.locator(".fplus-search-facet", { hasText: "production_line_1" }).waitFor();
      // What the index knows is picked, not typed: an attribute to count, a counted value to filter by.
      await page.locator("#fplus-search-attributes button", { hasText: /^status$/ }).click();
      assert.equal(await page.inputValue("#node-input-facets"), "location, device_type, status");
      await page.locator(".fplus-search-facet button", { hasText: "production_line_1" }).click();
      assert.equal(await page.inputValue("#node-input-filter"), "status = offline AND location = 'production_line_1'");
      await page.locator("#fplus-search-says", { hasText: /found in \d+ ms/ }).waitFor();
      await editor.screenshot("search-facets");
      await page.fill("#node-input-filter", "status = ");
      const offered = page.locator("#fplus-search-filters option");
      await until("the values of an attribute", async () => (await offered.count()) > 0);
      assert.match((await offered.first().getAttribute("value"))!, /^status = '/);
      await closeDialog(page, "cancel");
      await openDialog(page, "fplus-search-upsert");
      await editor.screenshot("search-index");
      await closeDialog(page, "cancel");
    },
  );

  editor.test("the objects example: a file goes up and down, and its link opens without a key", async (page) => {
    await deployExample(page, "objects", "fplus-objects-tab");
    await press(page, "fplus-objects-more");
    await statusShows(page, /^stored \d+ bytes$/);
    await press(page, "fplus-objects-list-now");
    await statusShows(page, "2 objects");
    await page.evaluate(() => RED.actions.invoke("core:clear-debug-messages"));
    await openDialog(page, "fplus-objects-link");
    await page.fill("#node-input-key", "configs/line1.json");
    await editor.screenshot("objects-link");
    await closeDialog(page, "ok");
    await deploy(page);
    await press(page, "fplus-objects-link-now");
    await page.evaluate(() => RED.actions.invoke("core:show-debug-tab"));
    const shown = page.locator(".red-ui-debug-msg .red-ui-debug-msg-type-string").last();
    await shown.waitFor();
    // The sidebar shortens long texts until they are clicked.
    await shown.click();
    const payload = page.locator(".red-ui-debug-msg-payload").last();
    await until("the whole text", async () => !(await payload.innerText()).includes("..."));
    const text = await payload.innerText();
    const link = /http\S+/.exec(text.replaceAll(/["\n↵]/g, ""))?.[0] ?? "";
    const answered = await fetch(link);
    assert.equal(answered.status, 200, link);
    assert.equal(answered.headers.get("content-type"), "application/json");
    assert.deepEqual(await answered.json(), { key: "configs/line1.json", line: 1 });
    const refused = await fetch(link.replace("line1", "line2"));
    assert.equal(refused.status, 403);
    await refused.text();
    await editor.screenshot("objects-example");
    await openDialog(page, "fplus-objects-get");
    await page.locator("#fplus-objects-browse").click();
    const window = page.locator(".red-ui-notification", { has: page.locator(".red-ui-treeList") });
    const item = (text: string): Locator => window.locator(".red-ui-treeList-label", { hasText: text });
    await item("factory-plus").click();
    await item("configs").click();
    await item("line1.json").click();
    await window.getByText("factory-plus / configs/line1.json").waitFor();
    await editor.screenshot("objects-browse");
    await window.locator("button", { hasText: "Use" }).click();
    assert.equal(await page.inputValue("#node-input-key"), "configs/line1.json");
    await closeDialog(page, "cancel");
    await openDialog(page, "fplus-objects-put");
    await editor.screenshot("objects-put");
    await closeDialog(page, "cancel");
    await openConfigDialog(page, "fplus-object-store", "fplus-objects-store");
    await page.locator("#fplus-objects-test").click();
    await page.locator("#fplus-objects-result", { hasText: "Connected: 1 bucket" }).waitFor();
    await page.selectOption("#node-config-input-engine", "s3");
    await page.fill("#node-config-input-url", "http://127.0.0.1:1");
    await page.fill("#node-config-input-accessKey", "a");
    await page.fill("#node-config-input-secretKey", "b");
    await page.locator("#fplus-objects-test").click();
    await page.locator("#fplus-objects-result", { hasText: "objects.unreachable" }).waitFor();
    await editor.screenshot("objects-store");
    await closeDialog(page, "cancel");
  });

  editor.test(
    "the endpoint for programs: keys are added in the dialog, and their secrets never come back",
    async (page) => {
      const [port] = await freePorts(1);
      // In the example of the test before.
      await openConfigDialog(page, "fplus-object-store", "fplus-objects-store");
      const list = page.locator("#fplus-objects-keys");
      await list.waitFor({ state: "hidden" });
      await page.locator("#node-config-input-serve").check();
      await page.fill("#node-config-input-servePort", String(port!));
      const rows = list.locator("li");
      await rows.first().waitFor();
      assert.equal(await rows.first().locator("[data-field=accessKey]").inputValue(), "minioadmin");
      await rows.first().locator("[data-field=secret]").fill("minioadmin");
      await page.getByText("Add a key").click();
      const acme = rows.nth(1);
      await acme.locator("[data-field=name]").fill("Acme");
      await acme.getByText("New").click();
      const [accessKey, secretKey] = await Promise.all(
        ["accessKey", "secret"].map((field) => acme.locator(`[data-field=${field}]`).inputValue()),
      );
      assert.match(accessKey!, /^\w{16}$/);
      assert.match(secretKey!, /^\w{40}$/);
      await acme.locator("[data-field=buckets]").fill("org-acme");
      const warning = page.locator(".fplus-objects-open");
      await warning.waitFor({ state: "hidden" });
      await page.fill("#node-config-input-serveHost", "0.0.0.0");
      await warning.waitFor();
      await editor.screenshot("objects-endpoint-open");
      await page.fill("#node-config-input-serveHost", "");
      await warning.waitFor({ state: "hidden" });
      await editor.screenshot("objects-endpoint");
      await closeDialog(page, "ok");
      await deploy(page);
      const clientOf = (key: string, secret: string): Client =>
        new Client({
          endPoint: "127.0.0.1",
          port: port!,
          useSSL: false,
          accessKey: key,
          secretKey: secret,
          region: "us-east-1",
        });
      const client = clientOf(accessKey!, secretKey!);
      await until("the endpoint", () => client.bucketExists("org-acme").catch(() => false));
      await client.putObject("org-acme", "a", "from a program");
      assert.equal(await clientOf("minioadmin", "minioadmin").bucketExists("factory-plus"), true);

      // Opened again: nothing of the secrets is there, and what is not touched stays.
      const saved = await page.evaluate(() =>
        JSON.stringify(RED.nodes.node("fplus-objects-store"), [
          "keys",
          "slot",
          "name",
          "accessKey",
          "secret",
          "secret1",
          "secret2",
        ]),
      );
      assert.ok(!saved.includes(secretKey!), "secrets are credentials");
      await page.reload();
      await page.locator(".red-ui-flow-node").first().waitFor();
      await openConfigDialog(page, "fplus-object-store", "fplus-objects-store");
      await rows.nth(1).waitFor();
      assert.equal(await rows.nth(1).locator("[data-field=secret]").inputValue(), "__PWRD__");
      await rows.nth(1).locator("[data-field=rights]").selectOption("read");
      await rows.first().locator(".red-ui-editableList-item-remove").click();
      await until("one row", async () => (await rows.count()) === 1);
      await closeDialog(page, "ok");
      await deploy(page);
      await until("the key to be gone", async () => {
        const asked = clientOf("minioadmin", "minioadmin").listBuckets();
        return await asked.then(
          () => false,
          (error: { code?: string }) => error.code === "InvalidAccessKeyId",
        );
      });
      await assert.rejects(client.putObject("org-acme", "b", "x"), { code: "AccessDenied" });
      assert.equal((await client.statObject("org-acme", "a")).size, 14);
    },
  );

  editor.test(
    "a historian saved without the choice leaves the server's retention alone, a new one sets it",
    async (page) => {
      await deployExample(page, "store-and-query", "fplus-store-tab");
      await openConfigDialog(page, "fplus-historian", "fplus-store-historian");
      await page.selectOption("#node-config-input-engine", "influx");
      const choice = page.locator("#node-config-input-bucketRetention");
      await choice.waitFor();
      assert.equal(await choice.isChecked(), true);
      await editor.screenshot("historian-influx");
      await page.selectOption("#node-config-input-engine", "embedded");
      await choice.waitFor({ state: "hidden" });
      await closeDialog(page, "cancel");
      await page.evaluate(() => {
        delete (RED.nodes.node("fplus-store-historian") as { bucketRetention?: boolean }).bucketRetention;
      });
      await openConfigDialog(page, "fplus-historian", "fplus-store-historian");
      assert.equal(await choice.isChecked(), false);
      await closeDialog(page, "cancel");
    },
  );
});
