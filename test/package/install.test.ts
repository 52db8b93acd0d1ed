import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { chromiumProgram, openBrowser, openEditor, openPage } from "../support/browser.ts";
import { startChild } from "../support/child.ts";
import { deploy, type Editor } from "../support/editor.ts";
import { startNodeRed } from "../support/node-red.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  name: string;
  devDependencies: Record<string, string>;
  "node-red": { nodes: Record<string, string> };
};
const types = Object.keys(manifest["node-red"].nodes);
const dashboard = `@flowfuse/node-red-dashboard@${manifest.devDependencies["@flowfuse/node-red-dashboard"]}`;
/** The two streams of Node-RED that people run. */
const VERSIONS = ["5.0.7", "4.1.15"];
const npm = (cwd: string, ...args: string[]): Promise<unknown> =>
  run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"], { cwd, maxBuffer: 1 << 26 });

interface Palette {
  readonly id: string;
  readonly module: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: unknown;
}

/** A Node-RED of that version: the repository's own, or one that npm fetches into the scratch folder. */
async function nodeRedHome(version: string): Promise<string | undefined> {
  if (version === manifest.devDependencies["node-red"]) return root;
  const home = path.join(root, ".tmp", `node-red-${version}`);
  if (existsSync(path.join(home, "node_modules/node-red/red.js"))) return home;
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, "package.json"), "{}");
  return npm(home, "install", `node-red@${version}`).then(
    () => home,
    () => undefined,
  );
}

describe("npm install of the package", () => {
  let folder: string;
  let userDir: string | undefined;

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "fplus-package-"));
    await npm(root, "pack", "--pack-destination", folder);
    const installed = path.join(folder, "user");
    mkdirSync(installed);
    writeFileSync(path.join(installed, "package.json"), '{ "name": "node-red-project", "version": "0.0.1" }');
    userDir = await npm(installed, "install", path.join(folder, "fplus-node-red-suite-0.1.0.tgz"), dashboard).then(
      () => installed,
      () => undefined,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

  test("factory-plus demo: a whole plant by npx in an empty folder, and its state stays there", async (t) => {
    if (missing(t, "the npm registry", userDir)) return;
    const empty = path.join(folder, "empty");
    mkdirSync(empty);
    const [web, opcua, mqtt] = await freePorts(3);
    const packages = [`node-red@${VERSIONS[0]}`, dashboard, path.join(folder, "fplus-node-red-suite-0.1.0.tgz")];
    const child = startChild(
      "npm",
      [
        "exec",
        "--yes",
        "--prefer-offline",
        ...packages.flatMap((name) => ["--package", name]),
        "--",
        "factory-plus",
        "demo",
      ],
      {
        cwd: empty,
        env: { ...process.env, FPLUS_PORT: `${web}`, FPLUS_OPCUA_PORT: `${opcua}`, FPLUS_MQTT_PORT: `${mqtt}` },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
    // A terminal's Ctrl-C reaches all that run in it; npm does not hand it on.
    const stop = (): boolean => process.kill(-child.pid!, "SIGINT");
    t.after(() => void (child.exitCode === null && child.signalCode === null && stop()));
    const ended = once(child, "close");
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
    await until("live values", () => {
      if (child.exitCode !== null) throw new Error(said);
      return said.includes("✔ live values");
    });
    assert.ok((await fetch(`http://127.0.0.1:${web}/dashboard`)).ok);
    assert.ok(existsSync(path.join(empty, "factory-plus/flows.json")));
    stop();
    await ended;
    assert.match(said, /Stopped in/);
  });

  for (const version of VERSIONS) {
    test(`Node-RED ${version}: every type registers, every example imports and runs without a grey node or an error`, async (t) => {
      const home = await nodeRedHome(version);
      if (missing(t, `node-red ${version} from the npm registry`, home) || missing(t, "the npm registry", userDir))
        return;
      const [port, opcua, broker] = await freePorts(3);
      const flows = path.join(userDir!, "flows.json");
      rmSync(flows, { force: true });
      const nodeRed = await startNodeRed(home!, userDir!, port!, {
        FPLUS_OPCUA_PORT: String(opcua),
        FPLUS_MQTT_PORT: String(broker),
        FPLUS_OPCUA_ENDPOINT: `opc.tcp://127.0.0.1:${opcua}/fplus`,
        FPLUS_BROKER_URL: `mqtt://127.0.0.1:${broker}`,
      });
      t.after(() => nodeRed.stop());
      assert.match(nodeRed.output(), new RegExp(`Node-RED version: v${version.replaceAll(".", "\\.")}`));
      const palette = (await (
        await fetch(`${nodeRed.url}/nodes`, { headers: { accept: "application/json" } })
      ).json()) as Palette[];
      const ours = palette.filter((set) => set.module === manifest.name);
      assert.deepEqual(
        ours.filter(({ err, enabled }) => err !== undefined || !enabled),
        [],
      );
      assert.deepEqual(new Set(ours.flatMap((set) => set.types)), new Set(types));

      const examples = (await (await fetch(`${nodeRed.url}/library/examples/flows/${manifest.name}`)).json()) as Record<
        string,
        unknown
      >;
      assert.ok(JSON.stringify(examples).includes("sparkplug-round-trip"), "Import > Examples lists the presets");
      if (missing(t, "chromium", chromiumProgram)) return;
      const browser = await openBrowser();
      t.after(() => browser.close());
      const watched = await openPage(browser);
      const { page } = watched;
      await openEditor(watched, nodeRed.url, "");
      for (const name of ["plant", "plant-pages", "read-opcua", "store-and-query", "sparkplug-round-trip"]) {
        const unknown = await page.evaluate(async (example) => {
          const answer = await fetch(`library/examples/flows/@fplus/node-red-suite/${example}`);
          const text = await answer.text();
          const editor = (globalThis as unknown as { RED: Editor }).RED;
          // Preset ids are kept, as a deploy of the file would.
          editor.view.importNodes(text, { generateIds: false, addFlow: false, touchImport: true });
          const grey: string[] = [];
          editor.nodes.eachNode((node) => void (node.type === "unknown" && grey.push(node.id)));
          editor.nodes.eachConfig((node) => void (node.type === "unknown" && grey.push(node.id)));
          return answer.ok ? grey : [`${example} answered ${answer.status}`];
        }, name);
        assert.deepEqual(unknown, [], name);
      }
      const count = await page.evaluate(() => {
        let nodes = 0;
        (globalThis as unknown as { RED: Editor }).RED.nodes.eachNode(() => void nodes++);
        return nodes;
      });
      assert.ok(count > 20, `${count} nodes were imported`);
      await deploy(page);
      await until("the flows to start again", () => nodeRed.output().split("Started flows").length === 3);
      // What goes wrong in a flow that has started is said soon after.
      await page.waitForTimeout(8000);
      const said = nodeRed.output().split("Stopped flows").at(-1) ?? "";
      assert.doesNotMatch(said, /\[error\]|\[warn\]/, said);
      assert.deepEqual(watched.problems, []);
      await watched.screenshot(`editor-${version}`);
    });
  }
});
