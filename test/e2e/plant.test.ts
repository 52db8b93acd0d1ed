import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromiumProgram, openBrowser, openPage } from "../support/browser.ts";
import { freePorts } from "../support/ports.ts";
import { newState, type PlantRun, removeState, startPlant } from "../support/plant.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

const MACHINES = ["Press01", "Mill01", "Oven01", "Robot01", "Conveyor01", "Packer01"];

/** Whether lines are drawn: pixels of the chart's canvas with a colour that is neither ground nor grid. */
function drawnPixels(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".fplus-chart canvas");
    if (canvas === null) return 0;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [red, green, blue, alpha] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
      if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured++;
    }
    return coloured;
  });
}

describe("npm start", () => {
  let plant: PlantRun;
  let browser: Browser | undefined;
  let ports: number[];
  let stateDir: string;

  before(async () => {
    ports = await freePorts(3);
    stateDir = await newState();
    plant = await startPlant({ ports, stateDir });
    await plant.printed(/live values\s+[\d.]+ s/);
    if (chromiumProgram !== undefined) browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await plant.stop();
    await removeState(stateDir);
  });

  test("shows each part with its time, where to look, and the password of the first start", async () => {
    await plant.printed(/State {6}/);
    const text = plant.output();
    for (const part of [
      "Node-RED",
      "broker",
      "historian",
      "sparkplug-edge",
      "sparkplug-host",
      "opcua-simulator",
      "opcua-endpoint",
    ])
      assert.match(text, new RegExp(`✔ ${part}.* [\\d.]+ s`), part);
    assert.ok(text.includes(`Dashboard  ${plant.url}/dashboard`));
    assert.ok(text.includes(`Editor     ${plant.url}/`));
    assert.match(text, /Sign in {4}admin \/ \S+/);
    assert.doesNotMatch(text, /✖/);
  });

  test("health names every part as up, stores that nothing uses as off, and asks for a sign-in", async () => {
    const parts = await plant.health();
    assert.deepEqual(
      new Map(parts.map(({ kind, status }) => [kind, status])),
      new Map([
        ["broker", "up"],
        ["cache", "off"],
        ["database", "off"],
        ["historian", "up"],
        ["map", "up"],
        ["objects", "off"],
        ["opcua-endpoint", "up"],
        ["opcua-simulator", "up"],
        ["search", "off"],
        ["sparkplug-edge", "up"],
        ["sparkplug-host", "up"],
      ]),
    );
    assert.equal((await fetch(`${plant.url}/fplus/health`)).status, 401);
  });

  test("the overview shows every machine with its state and values that change", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const watched = await openPage(browser!);
    const { page } = watched;
    await page.goto(`${plant.url}/dashboard`);
    await page.locator('[data-machine="Press01"] dd').first().waitFor();
    for (const machine of MACHINES) {
      const card = page.locator(`[data-machine="${machine}"]`);
      await card.locator(".fplus-badge", { hasText: /Running|Idle|Warming up|Fault/ }).waitFor();
      assert.ok((await card.locator("dd").count()) >= 3, machine);
    }
    const value = page.locator('[data-machine="Press01"] dd').first();
    const first = await value.textContent();
    await until("a new temperature", async () => (await value.textContent()) !== first);
    assert.deepEqual(watched.problems, []);
    assert.equal(watched.sockets(), 1, "the socket must hold");
    await watched.screenshot("overview");

    await page.locator('[data-machine="Mill01"]').click();
    await page.waitForURL("**/dashboard/machine");
    assert.equal(await page.locator("select[aria-label=Machine] option:checked").textContent(), "Mill01");
    await page.close();
  });

  test("a machine's page draws what is live, and after a reload what was", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const watched = await openPage(browser!);
    const { page } = watched;
    await page.goto(`${plant.url}/dashboard/machine`);
    await until("a line", async () => (await drawnPixels(page)) > 100);
    await page.locator('tr[data-metric="State"] .fplus-value', { hasText: /[A-Z][a-z]+/ }).waitFor();
    assert.ok((await page.locator(".fplus-gauge").count()) >= 4);

    // A tag that is ticked is drawn, and still is after a reload, with the values from before it.
    await page.locator("input[aria-label='Search tags']").fill("Vibration");
    await page.locator("input[aria-label='Draw Condition/Vibration']").check();
    await page.locator(".fplus-legend", { hasText: "Condition/Vibration" }).waitFor();
    await page.waitForTimeout(3000);
    await page.reload();
    await page.locator(".fplus-legend", { hasText: "Condition/Vibration" }).waitFor();
    const past = page.waitForFunction(() => document.querySelectorAll(".fplus-chart canvas").length > 0);
    await past;
    await until("the past", async () => (await drawnPixels(page)) > 200);
    await watched.screenshot("machine");

    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(500);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} px too wide on a phone`);
    assert.deepEqual(await widerThanShown(page), []);
    await watched.screenshot("machine-phone");
    assert.deepEqual(watched.problems, []);
    await page.close();
  });

  test("the gateway page shows rates, states and spools", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const watched = await openPage(browser!);
    const { page } = watched;
    await page.goto(`${plant.url}/dashboard/gateway`);
    const edge = page.locator('tr[data-kind="sparkplug-edge"]');
    await edge.waitFor();
    await edge.locator("td", { hasText: /^[\d.]+k?\/s$/ }).waitFor();
    assert.match((await edge.textContent()) ?? "", /up.*devices 9.*waiting 0.*none/);
    assert.equal(await page.locator("tr[data-kind] .fplus-badge", { hasText: /^up$/ }).count(), 7);
    await page.waitForTimeout(5000);
    const press = page.locator('[data-member="Plant/Gateway/Press01"]');
    assert.match(await press.innerText(), /online[\s\S]*metrics \d+/);
    await watched.screenshot("gateway");
    await page.setViewportSize({ width: 390, height: 844 });
    await until("the cards", async () => (await widerThanShown(page)).length === 0);
    await watched.screenshot("gateway-phone");
    assert.deepEqual(watched.problems, []);
    await page.close();
  });

  test("a fault that is triggered is seen on the overview", async (t) => {
    if (missing(t, "chromium", chromiumProgram)) return;
    const watched = await openPage(browser!);
    const { page } = watched;
    await page.goto(`${plant.url}/dashboard/overview`);
    const badge = page.locator('[data-machine="Press01"] .fplus-badge');
    await badge.waitFor();
    const inject = (id: string): Promise<Response> =>
      plant
        .token()
        .then((token) =>
          fetch(`${plant.url}/inject/${id}`, { method: "POST", headers: { authorization: `Bearer ${token}` } }),
        );
    assert.equal((await inject("fplus-fault")).status, 200);
    await badge.filter({ hasText: "Fault" }).waitFor();
    assert.equal((await inject("fplus-reset")).status, 200);
    await badge.filter({ hasText: /Running|Warming up|Idle/ }).waitFor();

    // All values bad: the device is in error, with the name of the StatusCode, though its Sparkplug session lives.
    assert.equal((await inject("fplus-break")).status, 200);
    await badge.filter({ hasText: "Device error" }).waitFor();
    await page.locator('[data-machine="Press01"]', { hasText: "BadCommunicationError" }).waitFor();
    await watched.screenshot("overview-error");
    assert.equal((await inject("fplus-mend")).status, 200);
    await badge.filter({ hasText: /Running|Warming up|Idle/ }).waitFor();
    await page.close();
  });

  test("Ctrl-C stops in order, and a second start goes on with everything", async (t) => {
    const before = (await plant.health()).find(({ kind }) => kind === "historian")?.gauges["series"];
    assert.ok(before !== undefined && before > 100);
    assert.equal(await plant.stop(), 0);
    assert.match(plant.output(), /Stopped in [\d.]+ s/);
    assert.doesNotMatch(plant.output(), /✖|\n {2}!/);

    const stoppedAt = Date.now();
    plant = await startPlant({ ports, stateDir });
    await plant.printed(/State {6}/);
    assert.doesNotMatch(plant.output(), /Sign in/);
    await plant.health();
    if (missing(t, "chromium", chromiumProgram)) return;
    const { page } = await openPage(browser!);
    await page.goto(`${plant.url}/dashboard/machine`);
    await until("lines", async () => (await drawnPixels(page)) > 200);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download CSV" }).click(),
    ]);
    const stream = await download.createReadStream();
    let csv = "";
    for await (const chunk of stream) csv += String(chunk);
    const rows = csv.split("\r\n").slice(1);
    const earlier = rows.filter((row) => Date.parse(row.split(",")[0]!) < stoppedAt);
    assert.ok(earlier.length >= 5, `${earlier.length} of ${rows.length} rows are from before the stop`);
    await page.close();
  });
});

test("a port that is taken is named with the setting that moves it", async (t) => {
  const ports = await freePorts(3);
  const stateDir = await newState();
  const first = await startPlant({ ports, stateDir });
  const other = await newState();
  t.after(async () => {
    await first.stop();
    await Promise.all([removeState(stateDir), removeState(other)]);
  });
  await first.printed(/live values/);
  const second = await startPlant({ ports, stateDir: other });
  await assert.rejects(
    second.printed(/live values/),
    /Port \d+ for the editor and dashboard cannot be used \(EADDRINUSE\)[^]*FPLUS_PORT/,
  );
});

test("a setting that is no port is refused by name", async (t) => {
  const stateDir = await newState();
  t.after(() => removeState(stateDir));
  const plant = await startPlant({ stateDir, env: { FPLUS_MQTT_PORT: "abc" } });
  await assert.rejects(plant.printed(/live values/), /FPLUS_MQTT_PORT=abc is not a port/);
});

/** Tables that must be pushed sideways to be read. */
function widerThanShown(page: Page): Promise<string[]> {
  return page
    .locator(".fplus-scroll")
    .evaluateAll((tables) =>
      tables.filter((table) => table.scrollWidth > table.clientWidth).map((table) => table.textContent.slice(0, 80)),
    );
}
