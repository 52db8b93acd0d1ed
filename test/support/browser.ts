import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { findProgram } from "./services.ts";
import { PATIENCE_MS } from "./until.ts";

export const chromiumProgram = findProgram(
  "CHROMIUM",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
);

const root = path.resolve(import.meta.dirname, "../..");
/** Where screenshots go; `docs/` is written when they are to be renewed there. */
const screenshots = path.resolve(root, process.env["FPLUS_SCREENSHOTS"] || ".tmp/screenshots");

/** A page that remembers what went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts and of the console, failed requests to our own server; empty on a good page. */
  readonly problems: string[];
  /** Web sockets opened so far: one that reconnects shows as several. */
  sockets(): number;
  screenshot(name: string): Promise<void>;
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumProgram ?? "chromium",
    timeout: PATIENCE_MS,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export async function openPage(browser: Browser, width = 1440, height = 900): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width, height } });
  page.setDefaultTimeout(PATIENCE_MS);
  const problems: string[] = [];
  let sockets = 0;
  page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // What cannot be loaded is judged by its address, below.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      problems.push(`console: ${message.text()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && response.status() !== 401 && isLocal(response.url()))
      problems.push(`${response.status()} ${response.url()}`);
  });
  page.on("websocket", () => void sockets++);
  return {
    page,
    problems,
    sockets: () => sockets,
    async screenshot(name) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: path.join(screenshots, `${name}.png`) });
    },
  };
}

function isLocal(url: string): boolean {
  return new URL(url).hostname === "127.0.0.1";
}

/** Opens the editor and signs in, where it asks. */
export async function openEditor({ page }: WatchedPage, url: string, password: string): Promise<void> {
  await page.goto(url);
  const login = page.locator("#node-dialog-login-username");
  await Promise.race([
    login.waitFor(),
    page.locator("#red-ui-palette-container .red-ui-palette-node").first().waitFor(),
  ]);
  if (await login.isVisible()) {
    await login.fill("admin");
    await page.fill("#node-dialog-login-password", password);
    await page.click("#node-dialog-login-submit");
  }
  await page.locator("#red-ui-palette-container .red-ui-palette-node").first().waitFor();
  await page.locator("#red-ui-workspace-chart").waitFor();
}
