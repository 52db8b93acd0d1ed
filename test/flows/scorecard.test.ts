import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { runInNewContext } from "node:vm";
import { presetFiles } from "../../scripts/plant/preset.ts";
import { buildIfStale } from "../../scripts/build-if-stale.ts";

/** The rules by which the flow library scores a package (`node-red-dev validate`), without its online services. */
const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const manifest = JSON.parse(read("package.json")) as {
  name: string;
  license?: string;
  repository?: unknown;
  bugs?: unknown;
  keywords: string[];
  engines: { node: string };
  dependencies: Record<string, string>;
  "node-red": { version: string; nodes: Record<string, string> };
};
const types = Object.keys(manifest["node-red"].nodes);

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly info?: string;
  readonly wires?: readonly (readonly string[])[];
  readonly [property: string]: unknown;
}

interface Dialog {
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** What Node-RED itself saves with a node. */
const OF_ANY_NODE = new Set(["id", "type", "z", "g", "d", "l", "x", "y", "wires", "info", "icon"]);

/** The properties of each type as its dialog registers them. */
function dialogDefaults(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const registered = new Map<string, Dialog>();
  const nodes = {
    registerType: (type: string, definition: Dialog) => {
      registered.set(type, definition);
      found.set(type, Object.keys(definition.defaults));
    },
    getType: (type: string) => registered.get(type),
  };
  for (const file of Object.values(manifest["node-red"].nodes)) {
    const script = /<script type="text\/javascript">(.*?)<\/script>/s.exec(read(file.replace(/\.js$/, ".html")))![1]!;
    runInNewContext(script, { RED: { nodes } });
  }
  return found;
}

const flowOf = (file: string): FlowNode[] => JSON.parse(read(file)) as FlowNode[];

before(() => buildIfStale());

test("P01-P08: license, repository, name, keyword, versions", () => {
  assert.equal(manifest.license, "Apache-2.0");
  assert.ok(existsSync(path.join(root, "LICENSE")));
  assert.ok(manifest.repository !== undefined && manifest.bugs !== undefined);
  assert.match(manifest.name, /^@[a-z-]+\/[a-z-]+$/);
  assert.ok(manifest.keywords.includes("node-red"));
  assert.equal(manifest["node-red"].version, ">=4.1.0");
  // P07 wants the oldest Node.js of Node-RED (22.9); node-opcua needs 22.13, and the package does not claim otherwise.
  assert.equal(manifest.engines.node, ">=22.13.0");
});

test("N01: every node file has its dialog beside it, which registers exactly that type", () => {
  assert.ok(types.length >= 17);
  for (const [type, file] of Object.entries(manifest["node-red"].nodes)) {
    assert.match(type, /^fplus-/);
    assert.ok(existsSync(path.join(root, file)), file);
    const html = read(file.replace(/\.js$/, ".html"));
    const registered = [...html.matchAll(/registerType\(\s*["']([^"']+)["']/g)].map((match) => match[1]);
    assert.deepEqual(registered, [type]);
    assert.ok(html.includes(`data-template-name="${type}"`), `${type} has no form`);
    assert.ok(html.includes(`data-help-name="${type}"`), `${type} has no help`);
  }
});

test("N02: every node that stands on a canvas is in an example; configuration nodes too", () => {
  const used = new Set(presetFiles().flatMap((file) => flowOf(file).map(({ type }) => type)));
  assert.deepEqual(
    types.filter((type) => !used.has(type)),
    [],
  );
});

test("D01: six dependencies at most", () => {
  assert.ok(Object.keys(manifest.dependencies).length <= 6, Object.keys(manifest.dependencies).join(", "));
});

test("D02: no package that is known to break Node-RED is in the tree", () => {
  const bad = globSync("node_modules/**/agent-base/package.json", { cwd: root }).filter(
    (file) => Number((JSON.parse(read(file)) as { version: string }).version.split(".")[0]) < 6,
  );
  assert.deepEqual(bad, []);
});

test("the examples of the package are the presets, byte for byte", () => {
  const presets = presetFiles();
  assert.ok(presets.length >= 5);
  const examples = globSync("examples/*.json", { cwd: root });
  assert.equal(examples.length, presets.length);
  for (const preset of presets) assert.equal(read(`examples/${path.basename(preset)}`), read(preset));
});

test("a preset is whole: wires, groups and configuration lead to nodes that exist", () => {
  const together = new Set(presetFiles().flatMap((file) => flowOf(file).map(({ id }) => id)));
  for (const file of presetFiles()) {
    const nodes = flowOf(file);
    const ids = new Set(nodes.map(({ id }) => id));
    assert.equal(ids.size, nodes.length, `${file} has an id twice`);
    for (const tab of nodes.filter(({ type }) => type === "tab"))
      assert.ok((tab.info ?? "").length > 20, `${file}: a tab without a word`);
    for (const node of nodes) {
      for (const to of node.wires?.flat() ?? []) assert.ok(ids.has(to), `${file}: ${node.id} leads to ${to}`);
      if (node.z !== undefined) assert.ok(ids.has(node.z), `${file}: ${node.id} is on ${node.z}`);
      if (!node.type.startsWith("fplus-")) continue;
      for (const [property, value] of Object.entries(node)) {
        if (
          ["endpoint", "edge", "broker", "historian", "database", "cache", "group"].includes(property) &&
          value !== "" &&
          !(node.type === "fplus-sparkplug-edge" && property === "group")
        )
          assert.ok(together.has(String(value)), `${file}: ${node.id} wants ${String(value)}`);
      }
    }
  }
});

test("the nodes of a preset have every property of their type, and none that is not", () => {
  const defaults = dialogDefaults();
  assert.deepEqual([...defaults.keys()].toSorted(), types.toSorted());
  for (const file of presetFiles()) {
    for (const node of flowOf(file)) {
      const known = defaults.get(node.type);
      if (known === undefined) continue;
      const given = Object.keys(node).filter((property) => !OF_ANY_NODE.has(property));
      assert.deepEqual(given.toSorted(), known.toSorted(), `${file}: ${node.id}, ${node.type}`);
    }
  }
});

test("no preset holds a secret", () => {
  for (const file of presetFiles()) assert.doesNotMatch(read(file), /"(password|token|secret|credentials)":\s*"[^"]/);
});
