import assert from "node:assert/strict";
import { test } from "node:test";
import { read, sourcesIn } from "./sources.ts";

test("lib/ has no any", () => {
  const found = sourcesIn("lib").filter((file) =>
    /(:|<|as|\|)\s*any\b(?!\s*[a-z])/.test(read(file).replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "")),
  );
  assert.deepEqual(found, []);
});

test("every export of lib/ says what it is", () => {
  const bare: string[] = [];
  let documented = 0;
  for (const file of sourcesIn("lib")) {
    const lines = read(file).split("\n");
    lines.forEach((line, i) => {
      const name = /^export (?:abstract )?(?:async )?(function|class|const|interface|type) (\w+)/.exec(line);
      if (name === null) return;
      if (/\*\/\s*$/.test(lines[i - 1] ?? "")) documented++;
      else bare.push(`${file}:${i + 1} ${name[2]}`);
    });
  }
  assert.deepEqual(bare, []);
  assert.ok(documented > 100);
});

test("every error code is thrown somewhere, and every thrown code is of the union", () => {
  const union = [...read("lib/errors/codes.ts").matchAll(/\| "([^"]+)"/g)].map((match) => match[1]!);
  assert.ok(union.length > 10);
  const thrown = new Set(
    sourcesIn("lib", "nodes", "scripts")
      .filter((file) => file !== "lib/errors/codes.ts")
      .flatMap((file) => [...read(file).matchAll(/"([a-z]+\.[a-z-]+)"/g)].map((match) => match[1]!)),
  );
  assert.deepEqual(
    union.filter((code) => !thrown.has(code)),
    [],
    "codes that nobody throws",
  );
});

test("no node keeps anything in Node-RED's context, which is written whole and blocks", () => {
  const found = sourcesIn("nodes").filter((file) => /\.context\(\)/.test(read(file)));
  assert.deepEqual(found, []);
});

test("the repository speaks of the product only", () => {
  const words = /\b(TODO|FIXME|XXX|HACK)\b|console\.log\(/;
  const found = sourcesIn("lib", "nodes", "dashboards").filter((file) => words.test(read(file)));
  assert.deepEqual(found, []);
});
