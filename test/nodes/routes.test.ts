import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { removeState, startPlant } from "../support/plant.ts";

const root = path.resolve(import.meta.dirname, "../..");
const sources = globSync("nodes/**/*.ts", { cwd: root }).map((file) => readFileSync(path.join(root, file), "utf8"));

/** Every address that a node adds to the admin API, as it stands in the sources. */
const routes = sources.flatMap((text) =>
  [...text.matchAll(/\b(?:admin|httpAdmin)\s*\.(get|post|put|delete)\(\s*"(\/fplus\/[^"]*)"/g)].map(
    ([, method, address]) => ({ method: method!.toUpperCase(), address: address! }),
  ),
);

test("every address of the admin API asks who calls", { timeout: 300_000 }, async (t) => {
  const added = sources.join("\n").match(/\b(?:admin|httpAdmin)\s*\.(?:get|post|put|delete|patch|use|all)\(/g) ?? [];
  assert.ok(routes.length > 30, `${routes.length} found`);
  assert.equal(routes.length, added.length, "an address is written in another way: this test does not see it");
  const plant = await startPlant();
  t.after(async () => {
    await plant.stop();
    await removeState(plant.stateDir);
  });
  await plant.printed(/live values/);
  for (const { method, address } of routes) {
    const url = `${plant.url}${address.replaceAll(/:\w+/g, "nobody")}`;
    const told = { method, headers: { "content-type": "application/json" }, ...(method === "POST" && { body: "{}" }) };
    for (const headers of [told.headers, { ...told.headers, authorization: "Bearer wrong" }]) {
      const answer = await fetch(url, { ...told, headers });
      assert.equal(answer.status, 401, `${method} ${address}`);
      await answer.body?.cancel();
    }
  }
});
