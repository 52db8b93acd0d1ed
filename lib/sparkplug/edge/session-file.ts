import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { AliasTable } from "./metric-table.ts";

/** What an edge node remembers over restarts. */
export interface EdgeMemory {
  /** The number of the next CONNECT, 0 … 255 (Sparkplug 3.0 section 6.4.20). */
  readonly bdSeq: number;
  readonly aliases: AliasTable;
  /** Template definitions, as `TemplateTable.save` gives them. */
  readonly templates: string;
}

/** Keeps an edge node's memory in one small JSON file, replaced as a whole. A damaged file is an empty memory. */
export class SessionFile {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = path.join(directory, "session.json");
  }

  load(): EdgeMemory {
    try {
      const saved = JSON.parse(readFileSync(this.#file, "utf8")) as Partial<EdgeMemory>;
      return {
        bdSeq: (Number(saved.bdSeq) || 0) & 0xff,
        aliases: saved.aliases ?? {},
        templates: saved.templates ?? "",
      };
    } catch {
      return { bdSeq: 0, aliases: {}, templates: "" };
    }
  }

  /** A full disk is no reason to stop publishing; what is lost is told by `false`. */
  save(memory: EdgeMemory): boolean {
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify(memory));
      renameSync(`${this.#file}.new`, this.#file);
      return true;
    } catch {
      return false;
    }
  }
}
