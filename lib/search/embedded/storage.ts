import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { FplusError, messageOf } from "../../errors/index.ts";
import { fileIdentity, IN_USE, makeFolder } from "../../folder/index.ts";
import type { IndexSettings, SearchDocument } from "../types.ts";

/** The documents on disk, in one SQLite file; what is searched is made of them when the engine opens. */
export class Storage {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #identity: string | undefined;
  #damage = "";

  private constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
    // One process at a time: what is searched lies in memory, and a second writer would not be seen.
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma locking_mode = exclusive");
    database.exec(`
      begin immediate;
      create table if not exists catalogue(name text primary key, settings text not null) strict;
      create table if not exists document(
        catalogue text not null, id text not null, body text not null, seal integer, primary key(catalogue, id)
      ) strict;
      commit`);
    // Null in rows of a former release.
    const columns = database.prepare("pragma table_info(document)").all();
    if (!columns.some(({ name }) => name === "seal")) database.exec("alter table document add column seal integer");
    this.#identity = fileIdentity(file);
  }

  /** @throws FplusError `feature.off` where this Node.js has no SQLite; `search.io` naming the folder and the way out */
  static async open(directory: string): Promise<Storage> {
    const sqlite = await import("node:sqlite").catch((cause: unknown) => {
      const hint = "Use Node.js 22.13 or later, or a MeiliSearch server.";
      throw new FplusError("feature.off", "this Node.js has no SQLite", { field: "engine", hint, cause });
    });
    const file = path.join(directory, "search.sqlite");
    let database: DatabaseSync | undefined;
    try {
      makeFolder(directory);
      database = new sqlite.DatabaseSync(file, { timeout: 2000 });
      return new Storage(database, file);
    } catch (error) {
      database?.close();
      throw openFault(file, error);
    }
  }

  /** What was found damaged last, as a sentence; empty where nothing was. */
  get damage(): string {
    return this.#damage;
  }

  /** Whether somebody has deleted or replaced the file: it would take documents for nothing. */
  get isGone(): boolean {
    return fileIdentity(this.#file) !== this.#identity;
  }

  indexes(): { name: string; settings: Required<IndexSettings> }[] {
    const rows = this.#database.prepare("select name, settings from catalogue order by name").all();
    return rows.map((row) => {
      const name = String(row["name"]);
      const settings = settingsOf(String(row["settings"]));
      if (settings === undefined)
        this.#damage = `the settings of ${name} in ${this.#file} are damaged: make them again`;
      return { name, settings: settings ?? { searchable: ["*"], filterable: [], sortable: [] } };
    });
  }

  saveSettings(index: string, settings: Required<IndexSettings>): void {
    const put = this.#database.prepare("insert or replace into catalogue(name, settings) values(?, ?)");
    this.#together(() => void put.run(index, JSON.stringify(settings)));
  }

  /** @param documents id and JSON of each */
  upsert(index: string, documents: readonly (readonly [id: string, text: string])[]): void {
    const insert = this.#database.prepare(
      "insert or replace into document(catalogue, id, body, seal) values(?, ?, ?, ?)",
    );
    this.#together(() => {
      for (const [id, text] of documents) insert.run(index, id, text, crc32(text));
    });
  }

  delete(index: string, ids: readonly string[]): void {
    const remove = this.#database.prepare("delete from document where catalogue = ? and id = ?");
    this.#together(() => {
      for (const id of ids) remove.run(index, id);
    });
  }

  drop(index: string): void {
    this.#together(() => {
      this.#database.prepare("delete from document where catalogue = ?").run(index);
      this.#database.prepare("delete from catalogue where name = ?").run(index);
    });
  }

  get(index: string, id: string): SearchDocument | undefined {
    const row = this.#database
      .prepare("select id, body, seal from document where catalogue = ? and id = ?")
      .get(index, id);
    return row === undefined ? undefined : this.#documentOf(index, row);
  }

  *documents(index: string): Generator<SearchDocument> {
    const rows = this.#database.prepare("select id, body, seal from document where catalogue = ? order by rowid");
    for (const row of rows.iterate(index)) {
      const document = this.#documentOf(index, row);
      if (document !== undefined) yield document;
    }
  }

  page(index: string, offset: number, limit: number): SearchDocument[] {
    const rows = this.#database
      .prepare("select id, body, seal from document where catalogue = ? order by rowid limit ? offset ?")
      .all(index, limit, offset);
    return rows.flatMap((row) => this.#documentOf(index, row) ?? []);
  }

  close(): void {
    this.#database.close();
  }

  #together(change: () => void): void {
    if (this.isGone) {
      throw new FplusError("search.io", `${this.#file} was deleted or replaced while it was open`, {
        hint: "The next documents go into the file that is there.",
      });
    }
    this.#database.exec("begin immediate");
    try {
      change();
      this.#database.exec("commit");
    } catch (error) {
      // After a full disk SQLite may have rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  /** Undefined where the disk has damaged it. */
  #documentOf(index: string, { id, body, seal }: Readonly<Record<string, unknown>>): SearchDocument | undefined {
    const text = String(body);
    try {
      const document = JSON.parse(text) as SearchDocument;
      if (document.id === id && (seal === null || seal === crc32(text))) return document;
    } catch {
      // Damaged, as what follows says.
    }
    this.#damage = `the document ${String(id)} of ${index} in ${this.#file} is damaged: store it anew, or delete it`;
    return undefined;
  }
}

function settingsOf(text: string): Required<IndexSettings> | undefined {
  try {
    const { searchable, filterable, sortable } = JSON.parse(text) as Required<IndexSettings>;
    const isWhole = [searchable, filterable, sortable].every((list) => Array.isArray(list));
    return isWhole ? { searchable, filterable, sortable } : undefined;
  } catch {
    return undefined;
  }
}

function openFault(file: string, error: unknown): FplusError {
  const text = messageOf(error);
  const hint = text.includes("locked")
    ? IN_USE
    : /malformed|not a database/.test(text)
      ? "The disk has damaged the file: put it back from a backup, or move it away and index anew."
      : "Check that Node-RED may write to the folder, and that the disk has room.";
  return new FplusError("search.io", `cannot open the search index in ${file}: ${text}`, {
    field: "directory",
    hint,
    cause: error,
  });
}
