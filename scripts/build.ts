/**
 * Builds everything that runs: `dist/` (lib and nodes as JavaScript, one HTML file a node), `resources/` (dashboard widgets)
 * and `examples/` (the preset flows, where the editor's Import menu looks for them).
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type OutputChunk, type OutputOptions, type Plugin, rolldown } from "rolldown";

const root = path.resolve(import.meta.dirname, "..");
const at = (...parts: string[]): string => path.join(root, ...parts);

/** What `factory-plus` runs where the package is installed, and its settings, which Node-RED can be given too. */
const STANDALONE = ["scripts/start", "settings"];

/** The folders under nodes/ that hold a node type. */
function nodeTypes(): string[] {
  return readdirSync(at("nodes"))
    .filter((name) => existsSync(at("nodes", name, `${name}.ts`)))
    .sort();
}

async function build(): Promise<void> {
  for (const folder of ["dist", "resources", "examples"]) rmSync(at(folder), { recursive: true, force: true });
  // Types are checked by `npm run check`; building only strips them.
  execFileSync(
    process.execPath,
    [at("node_modules/typescript/bin/tsc"), "-p", at("tsconfig.build.json"), "--noCheck"],
    { stdio: "inherit" },
  );
  await joinModules();
  await Promise.all([...nodeTypes().map(buildNodePage), ...widgetNames().map(buildWidget)]);
  copyExamples();
  writeFileSync(at("dist/.built"), "");
}

/**
 * Joins the modules of each room into one file, and those of each thread into another: Node-RED loads every node type at its start,
 * and hundreds of small files cost it more time and memory than all their code. Only what is joined stays.
 */
async function joinModules(): Promise<void> {
  const entries = [
    ...nodeTypes().map((type) => `nodes/${type}/${type}`),
    ...readdirSync(at("dist/lib")).map((room) => `lib/${room}/index`),
    ...STANDALONE,
  ];
  const joined = [
    ...(await join(entries, {
      chunkFileNames: ({ name }) => (name.includes("/") ? "[name].js" : "nodes/frame/[name].js"),
      codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: roomOf, debugName: "rooms" }] },
    })),
    ...(await Promise.all(threadModules().map((thread) => join([thread], { codeSplitting: false })))).flat(),
  ];
  // Types of lib/ are what its users compile against; nobody imports a node.
  for (const name of globSync(["**/*.js", "{nodes,scripts}/**/*.d.ts", "*.d.ts"], { cwd: at("dist") }))
    rmSync(at("dist", name));
  for (const { fileName, code } of joined) {
    mkdirSync(path.dirname(at("dist", fileName)), { recursive: true });
    writeFileSync(at("dist", fileName), code);
  }
}

async function join(entries: readonly string[], options: OutputOptions): Promise<OutputChunk[]> {
  const bundled = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, at("dist", `${entry}.js`)])),
    platform: "node",
    external: (id) => !/^[./]/.test(id),
    preserveEntrySignatures: "allow-extension",
  });
  const { output } = await bundled.generate({ format: "esm", entryFileNames: "[name].js", ...options });
  await bundled.close();
  return output.filter((part) => part.type === "chunk");
}

/** The modules that start as threads. */
function threadModules(): string[] {
  return globSync("lib/**/*.ts", { cwd: root }).flatMap((name) =>
    Array.from(readFileSync(at(name), "utf8").matchAll(/threadModule\("(.+?)"\)/g), ([, module]) => `lib/${module!}`),
  );
}

/** One file a room, in the room's folder: paths relative to it hold in the sources and in what is joined. */
function roomOf(id: string): string | null {
  const [place, room] = path.relative(at("dist"), id).split(path.sep);
  if (place === "lib") return `lib/${room!}/room`;
  if (place === "scripts" && room === "plant") return "scripts/plant/room";
  return place === "nodes" && room === "frame" ? "nodes/frame/room" : null;
}

/** A node's page: its dialog script, form and help in the one HTML file that Node-RED reads. */
async function buildNodePage(type: string): Promise<void> {
  const folder = at("nodes", type);
  const form = withPartials(readFileSync(path.join(folder, "form.html"), "utf8"));
  const script = await bundle(path.join(folder, "editor.ts"), "iife", [namedFields(type, form)]);
  const help = readFileSync(path.join(folder, "help.md"), "utf8");
  const target = at("dist/nodes", type);
  mkdirSync(target, { recursive: true });
  writeFileSync(
    path.join(target, `${type}.html`),
    `<script type="text/javascript">\n${script}</script>\n` +
      `<script type="text/html" data-template-name="${type}">\n${form}</script>\n` +
      `<script type="text/markdown" data-help-name="${type}">\n${help}</script>\n`,
  );
  const icon = path.join(folder, `${type}.svg`);
  if (existsSync(icon)) cpSync(icon, path.join(target, "icons", `${type}.svg`));
}

/** A form with the rows that several have: `<!-- include rows.html -->` stands for `nodes/editor/rows.html`. */
function withPartials(form: string): string {
  return form.replaceAll(/<!-- include (\S+) -->\n/g, (_, name: string) =>
    readFileSync(at("nodes/editor", name), "utf8"),
  );
}

/** Lets a dialog's script name the type's fields as its form does, and what blank choices mean, once it has registered the type. */
function namedFields(type: string, form: string): Plugin {
  const labels = form.matchAll(/<label\s[^>]*?for="node-(?:config-)?input-(\w+)"[^>]*>(.*?)<\/label\s*>/gs);
  const names = Object.fromEntries(
    Array.from(labels, ([, property, label]) => [property!, label!.replaceAll(/<.*?>/gs, "").trim()]),
  );
  return {
    name: "named-fields",
    transform(code, id) {
      if (id !== at("nodes", type, "editor.ts")) return null;
      const [fields, own] = ["field-names", "plants-own"].map((name) => JSON.stringify(at(`nodes/editor/${name}.ts`)));
      const imports = `import { nameFields } from ${fields};\nimport { namePlantsOwn } from ${own};\n`;
      const named = `nameFields(${JSON.stringify(type)}, ${JSON.stringify(names)});`;
      return `${imports}${code}\n${named}\nnamePlantsOwn(${JSON.stringify(type)});\n`;
    },
  };
}

function widgetNames(): string[] {
  const folder = at("dashboards/widgets");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "index.ts")));
}

/** A dashboard widget; Vue is the dashboard's own, as a global. */
async function buildWidget(name: string): Promise<void> {
  const code = await bundle(at("dashboards/widgets", name, "index.ts"), "iife");
  mkdirSync(at("resources"), { recursive: true });
  writeFileSync(at("resources", `${name}.umd.js`), code);
}

async function bundle(input: string, format: "iife", plugins: readonly Plugin[] = []): Promise<string> {
  const bundled = await rolldown({
    input,
    plugins: [...plugins],
    platform: "browser",
    external: ["vue"],
    moduleTypes: { ".css": "text" },
    logLevel: "warn",
  });
  const { output } = await bundled.generate({ format, globals: { vue: "Vue" }, minify: input.includes("widgets") });
  await bundled.close();
  return output[0].code;
}

function copyExamples(): void {
  for (const source of ["flows", "dashboards"]) {
    for (const name of readdirSync(at(source))) {
      if (name.endsWith(".json")) cpSync(at(source, name), at("examples", name));
    }
  }
}

await build();
