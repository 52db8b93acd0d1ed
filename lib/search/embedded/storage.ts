import { mkdirSync } from "node:fs";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { FplusError } from "../../errors/index.ts";
import type { IndexSettings, SearchDocument } from "../types.ts";

/** The documents on disk, in one SQLite file; what is searched is made of them when the engine opens. */
export class Storage {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec("pragma journal_mode = wal; pragma synchronous = full");
    database.exec(`
      create table if not exists catalogue(name text primary key, settings text not null) strict;
      create table if not exists document(
        catalogue text not null, id text not null, body text not null, primary key(catalogue, id)
      ) strict`);
  }

  /** @throws FplusError `feature.off` where this Node.js has no SQLite */
  static async open(directory: string): Promise<Storage> {
    const sqlite = await import("node:sqlite").catch((cause: unknown) => {
      const hint = "Use Node.js 22.13 or later, or a MeiliSearch server.";
      throw new FplusError("feature.off", "this Node.js has no SQLite", { field: "engine", hint, cause });
    });
    mkdirSync(directory, { recursive: true });
    return new Storage(new sqlite.DatabaseSync(path.join(directory, "search.sqlite")));
  }

  indexes(): { name: string; settings: Required<IndexSettings> }[] {
    const rows = this.#database.prepare("select name, settings from catalogue order by name").all();
    return rows.map((row) => ({
      name: String(row["name"]),
      settings: JSON.parse(String(row["settings"])) as Required<IndexSettings>,
    }));
  }

  saveSettings(index: string, settings: Required<IndexSettings>): void {
    const text = JSON.stringify(settings);
    this.#database.prepare("insert or replace into catalogue(name, settings) values(?, ?)").run(index, text);
  }

  upsert(index: string, documents: readonly SearchDocument[]): void {
    const insert = this.#database.prepare("insert or replace into document(catalogue, id, body) values(?, ?, ?)");
    this.#together(() => {
      for (const document of documents) insert.run(index, document.id, JSON.stringify(document));
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
    const row = this.#database.prepare("select body from document where catalogue = ? and id = ?").get(index, id);
    return row === undefined ? undefined : documentOf(row);
  }

  *documents(index: string): Generator<SearchDocument> {
    const rows = this.#database.prepare("select body from document where catalogue = ? order by rowid").iterate(index);
    for (const row of rows) yield documentOf(row as Record<string, unknown>);
  }

  page(index: string, offset: number, limit: number): SearchDocument[] {
    const rows = this.#database
      .prepare("select body from document where catalogue = ? order by rowid limit ? offset ?")
      .all(index, limit, offset);
    return rows.map(documentOf);
  }

  close(): void {
    this.#database.close();
  }

  #together(change: () => void): void {
    this.#database.exec("begin immediate");
    try {
      change();
      this.#database.exec("commit");
    } catch (error) {
      this.#database.exec("rollback");
      throw error;
    }
  }
}

function documentOf(row: Readonly<Record<string, unknown>>): SearchDocument {
  return JSON.parse(String(row["body"])) as SearchDocument;
}
