import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FplusError } from "../../lib/errors/index.ts";
import { checkTags, type Tag } from "../../lib/opcua/index.ts";
import type { Plant } from "../../lib/plant/index.ts";

/** Keeps the table that a message brought to a reader, which reads on by it after a redeploy and a restart. */
export class SentTableMemory {
  readonly #file: string;

  constructor(plant: Plant, nodeId: string) {
    this.#file = path.join(plant.stateDir, "opcua", `${nodeId}.table.json`);
  }

  /** The table that was kept; empty where there is none that can be read. */
  load(): readonly Tag[] {
    try {
      const rows: unknown = JSON.parse(readFileSync(this.#file, "utf8"));
      return Array.isArray(rows) ? checkTags(rows).tags : [];
    } catch {
      return [];
    }
  }

  /** @throws FplusError `opcua.tag-table` where it cannot be written */
  save(tags: readonly Tag[]): void {
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true });
      writeFileSync(`${this.#file}.new`, JSON.stringify(tags));
      renameSync(`${this.#file}.new`, this.#file);
    } catch (cause) {
      throw new FplusError("opcua.tag-table", "the table is read, but could not be kept for a restart", {
        field: this.#file,
        hint: "See whether the disk is full or the folder may not be written to.",
        cause,
      });
    }
  }

  forget(): void {
    rmSync(this.#file, { force: true });
  }
}
