import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { closeDialog, deploy, type Editor, editorOverPlant, openConfigDialog } from "../support/editor.ts";
import { startTestServer, type TestServer } from "../support/opcua-server.ts";
import { freePorts } from "../support/ports.ts";

declare const RED: Editor;

const TYPE = "fplus-opcua-endpoint";

describe("the endpoint's dialog", () => {
  const editor = editorOverPlant({ height: 1000 });
  let server: TestServer;
  let port: number;

  before(async () => {
    [port = 0] = await freePorts(1);
    server = await startTestServer({ port, secure: true, users: { operator: "geheim" } });
  });
  after(() => server.close());

  editor.test(
    "find a server, choose what it offers, refuse it, trust it, sign in and connect; all before any deploy",
    async (page) => {
      await openConfigDialog(page, TYPE, "_ADD_");
      await page.fill("#node-config-input-name", "Press 7");
      assert.match((await page.textContent("#fplus-opcua-warning")) ?? "", /Nothing is protected/);

      await page.fill("#node-config-input-url", `127.0.0.1:${port}1`);
      await page.locator("#fplus-opcua-find").click();
      await page.locator("#fplus-opcua-found .fplus-opcua-bad", { hasText: "Write a host like" }).waitFor();
      await page.fill("#node-config-input-url", `127.0.0.1:${port}`);
      await page.locator("#fplus-opcua-find").click();
      await page.locator("#fplus-opcua-found tr", { hasText: "Aes256_Sha256_RsaPss" }).first().waitFor();
      await editor.screenshot("endpoint-found");
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
      await editor.screenshot("endpoint-refused");

      await page.getByRole("button", { name: "Show certificates" }).click();
      const row = page.locator("table[aria-label='Certificates of servers'] tr", { hasText: `127.0.0.1:${port}` });
      await row.getByText("rejected", { exact: true }).waitFor();
      await editor.screenshot("endpoint-certificates");
      await row.getByRole("button", { name: "Trust" }).click();
      await row.getByText("trusted", { exact: true }).waitFor();
      await tab("Connection");
      await page.locator("#fplus-opcua-test").click();
      await page.locator("#fplus-opcua-result", { hasText: /Connected: \d+ variables/ }).waitFor();
      await editor.screenshot("endpoint-connected");
      await page.selectOption("#node-config-input-userType", "certificate");
      await editor.screenshot("endpoint-user-certificate");
      await page.selectOption("#node-config-input-userType", "password");
      await tab("Stand-ins and times");
      await editor.screenshot("endpoint-more");
      await closeDialog(page, "ok");
    },
    { refusals: true },
  );

  editor.test(
    "a stored password never comes back to the browser, and goes to its own server only",
    async (page) => {
      await deploy(page);
      const id = await page.evaluate(() => {
        let found = "";
        RED.nodes.eachConfig((node) => void (node["name"] === "Press 7" && (found = node.id)));
        return found;
      });
      await page.reload();
      await page.locator("#red-ui-workspace-chart").waitFor();
      await page.locator(".red-ui-flow-node").first().waitFor();
      await openConfigDialog(page, TYPE, id);
      assert.equal(await page.inputValue("#node-config-input-username"), "operator");
      assert.equal(await page.inputValue("#node-config-input-password"), "__PWRD__");
      await page.locator("#fplus-opcua-test").click();
      await page.locator("#fplus-opcua-result", { hasText: /Connected: \d+ variables/ }).waitFor();
      await page.fill("#node-config-input-url", server.url.replace("127.0.0.1", "localhost"));
      await page.locator("#fplus-opcua-test").click();
      await page.locator("#fplus-opcua-result", { hasText: "type the password again" }).waitFor();
      await editor.screenshot("endpoint-new-address");
      await closeDialog(page, "cancel");
    },
    { refusals: true },
  );

  editor.test("a renewed certificate is another one; the old one was offered for download", async (page) => {
    await openConfigDialog(page, TYPE, "fplus-endpoint-plc");
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
    await closeDialog(page, "cancel");
  });
});
