import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "./place.ts";

/** The flows that make the whole plant; the other examples are for importing one by one. */
const PLANT_FLOWS = ["plant.json", "plant-pages.json"];

/**
 * At the first start, puts the preset plant where Node-RED reads its flows.
 * Afterwards that file belongs to the engineer and is never touched again.
 */
export function importPreset(stateDir: string): void {
  const target = path.join(stateDir, "flows.json");
  if (existsSync(target)) return;
  const byId = new Map<string, { id: string }>();
  for (const file of PLANT_FLOWS) {
    for (const node of JSON.parse(readFileSync(path.join(packageRoot, "examples", file), "utf8")) as { id: string }[])
      byId.set(node.id, node);
  }
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(target, `${JSON.stringify([...byId.values()], null, 2)}\n`);
}

/** Every preset a user can import, as paths from the repository's root. */
export function presetFiles(): string[] {
  return ["flows", "dashboards"].flatMap((folder) =>
    readdirSync(path.join(packageRoot, folder))
      .filter((name) => name.endsWith(".json"))
      .map((name) => `${folder}/${name}`),
  );
}
