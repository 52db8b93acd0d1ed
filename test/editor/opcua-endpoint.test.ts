import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { chromiumProgram, openBrowser, openEditor, openPage, type WatchedPage } from "../support/browser.ts";
import { startTestServer, type TestServer } from "../support/opcua-server.ts";
import { newState, PASSWORD, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";

/** What the test uses of the editor's own object. */
interface Editor {
  readonly editor: { editConfig(name: string, type: string, id: string): void };
  readonly nodes: {
    eachConfig(visit: (node: { id: string; type: string; url?: string; name: string }) => void): void;
  };
}
declare const RED: Editor;

const TYPE = "fplus-opcua-endpoint";

describe("the endpoint's dialog", () => {
  let plant: PlantRun;
  let browser: Browser;
  let watched: WatchedPage;
  let server: TestServer;
  let port: number;

  before(async () => {
    if (chromiumProgram === undefined) return;
    const [a, b, c, d] = await freePorts(4);
    port = d!;
    server = await startTestServer({ port, secure: true, users: { operator: "geheim" } });
    plant = await startPlant({ ports: [a!, b!, c!], stateDir: await newState() });
    await plant.printed(/live values/);
    browser = await openBrowser();
    watched = await openPage(browser, 1440, 1000);
    await openEditor(watched, `${plant.url}/`, PASSWORD);
  });
  after(async () => {
    await browser?.close();
    if (plant === undefined) return;
    await plant.stop();
    await server.close();
    await removeState(plant.stateDir);
  });

  test("find a server, choose what it offers, refuse it, trust it, sign in and connect; all before any deploy", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.evaluate((type) => RED.editor.editConfig("", type, "_ADD_"), TYPE);
    await page.locator("#node-config-dialog-ok").waitFor();
    await page.waitForTimeout(500);
    await page.fill("#node-config-input-name", "Press 7");
    assert.match((await page.textContent("#fplus-opcua-warning")) ?? "", /Nothing is protected/);

    await page.fill("#node-config-input-url", `127.0.0.1:${port}1`);
    await page.locator("#fplus-opcua-find").click();
    await page.locator("#fplus-opcua-found .fplus-opcua-bad", { hasText: "Write a host like" }).waitFor();
    await page.fill("#node-config-input-url", `127.0.0.1:${port}`);
    await page.locator("#fplus-opcua-find").click();
    await page.locator("#fplus-opcua-found tr", { hasText: "Aes256_Sha256_RsaPss" }).first().waitFor();
    await watched.screenshot("endpoint-found");
    await page.locator("[aria-label^='Use SignAndEncrypt Aes256_Sha256_RsaPss']").click();
    assert.equal(await page.inputValue("#node-config-input-url"), server.url);
    assert.equal(await page.inputValue("#node-config-input-securityMode"), "SignAndEncrypt");
    assert.equal(await page.inputValue("#node-config-input-securityPolicy"), "Aes256_Sha256_RsaPss");
    // The server takes no anonymous users: the dialog has gone to the first way that it takes.
    assert.equal(await page.inputValue("#node-config-input-userType"), "password");

    const tab = (name: string): Promise<void> =>
      page.locator("#fplus-opcua-tabs").getByText(name, { exact: true }).click();
    await tab("Certificates");
    await page.selectOption("#node-config-input-trust", "strict");
    await page.getByText("Our certificate", { exact: true }).waitFor();
    await tab("Connection");
    await page.fill("#node-config-input-username", "operator");
    await page.fill("#node-config-input-password", "geheim");
    await page.locator("#fplus-opcua-test").click();
    await page.locator("#fplus-opcua-result", { hasText: "is not trusted yet" }).waitFor();
    await watched.screenshot("endpoint-refused");

    await page.getByRole("button", { name: "Show certificates" }).click();
    const row = page.locator("table[aria-label='Certificates of servers'] tr", { hasText: `127.0.0.1:${port}` });
    await row.getByText("rejected", { exact: true }).waitFor();
    await watched.screenshot("endpoint-certificates");
    await row.getByRole("button", { name: "Trust" }).click();
    await row.getByText("trusted", { exact: true }).waitFor();
    await tab("Connection");
    await page.locator("#fplus-opcua-test").click();
    await page.locator("#fplus-opcua-result", { hasText: /Connected: \d+ variables/ }).waitFor();
    await watched.screenshot("endpoint-connected");
    await page.selectOption("#node-config-input-userType", "certificate");
    await watched.screenshot("endpoint-user-certificate");
    await page.selectOption("#node-config-input-userType", "password");
    await tab("Stand-ins and times");
    await watched.screenshot("endpoint-more");
    await page.locator("#node-config-dialog-ok").click();
    await page.locator("#node-config-dialog-ok").waitFor({ state: "hidden" });
    const problems = watched.problems.filter((problem) => !problem.startsWith("409 "));
    assert.deepEqual(problems, []);
  });

  test("a stored password never comes back to the browser, and goes to its own server only", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.locator("#red-ui-header-button-deploy").click();
    await page
      .locator("button", { hasText: "Confirm deploy" })
      .or(page.locator(".red-ui-notification", { hasText: /Successfully deployed/i }))
      .first()
      .waitFor();
    const confirm = page.locator("button", { hasText: "Confirm deploy" });
    if (await confirm.isVisible()) await confirm.click();
    await page
      .locator(".red-ui-notification", { hasText: /Successfully deployed/i })
      .first()
      .waitFor();
    await page.waitForTimeout(600);
    const id = await page.evaluate(() => {
      let found = "";
      RED.nodes.eachConfig((node) => void (node.name === "Press 7" && (found = node.id)));
      return found;
    });
    await page.reload();
    await page.locator("#red-ui-workspace-chart").waitFor();
    await page.locator(".red-ui-flow-node").first().waitFor();
    await page.evaluate(([type, node]) => RED.editor.editConfig("", type!, node!), [TYPE, id]);
    await page.locator("#node-config-dialog-ok").waitFor();
    await page.waitForTimeout(500);
    assert.equal(await page.inputValue("#node-config-input-username"), "operator");
    assert.equal(await page.inputValue("#node-config-input-password"), "__PWRD__");
    await page.locator("#fplus-opcua-test").click();
    await page.locator("#fplus-opcua-result", { hasText: /Connected: \d+ variables/ }).waitFor();
    await page.fill("#node-config-input-url", server.url.replace("127.0.0.1", "localhost"));
    await page.locator("#fplus-opcua-test").click();
    await page.locator("#fplus-opcua-result", { hasText: "type the password again" }).waitFor();
    await watched.screenshot("endpoint-new-address");
    await page.locator("#node-config-dialog-cancel").click();
    await page.locator("#node-config-dialog-ok").waitFor({ state: "hidden" });
  });

  test("a renewed certificate is another one; the old one was offered for download", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = watched;
    await page.evaluate((type) => RED.editor.editConfig("", type, "fplus-endpoint-plc"), TYPE);
    await page.locator("#node-config-dialog-ok").waitFor();
    await page.waitForTimeout(500);
    await page.locator("#fplus-opcua-tabs").getByText("Certificates", { exact: true }).click();
    const print = page.locator(".fplus-opcua-card .fplus-opcua-sha256");
    await print.waitFor();
    const before = await print.textContent();
    assert.match(
      (await page.locator(".fplus-opcua-card a").getAttribute("href")) ?? "",
      /-----BEGIN%20CERTIFICATE-----/,
    );
    await page.getByRole("button", { name: "Make a new key and certificate" }).click();
    await page.locator(".red-ui-notification").getByRole("button", { name: "Renew" }).click();
    await page.waitForFunction(
      (old) => document.querySelector(".fplus-opcua-card .fplus-opcua-sha256")?.textContent !== old,
      before,
    );
    await page.locator("#node-config-dialog-cancel").click();
    await page.locator("#node-config-dialog-ok").waitFor({ state: "hidden" });
  });
});
