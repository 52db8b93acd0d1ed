import { mkdirSync } from "node:fs";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { FplusError, messageOf } from "../../errors/index.ts";
import { IN_USE } from "../../folder/index.ts";

const VERSION = 3;

/** The file in a historian's folder. */
export function historyFile(directory: string): string {
  return path.join(directory, "history.sqlite");
}

/**
 * `series` names (`about`: the parts of the path, type, schema and levels as JSON), `chunk` compressed samples (open = 1: the end of a series as of the last checkpoint, replaced at the next),
 * `journal` what was acknowledged since, `rollup` statistics of windows that outlive the samples, made up to `rollup_mark`,
 * `damaged` blocks that cannot be read. `seal` is the checksum over a row's numbers; null in rows of a former release.
 */
const TABLES = `
create table if not exists series(id integer primary key, path text not null unique, unit text not null,
  about text not null default '') strict;
create table if not exists chunk(id integer primary key, series integer not null, open integer not null,
  t0 integer not null, t1 integer not null, samples integer not null, count integer not null,
  sum real not null, min real not null, max real not null, first real not null, last real not null, data blob not null,
  seal integer) strict;
create index if not exists chunk_time on chunk(series, open, t0, t1);
create index if not exists chunk_age on chunk(t1);
create table if not exists rollup(series integer not null, width integer not null, t0 integer not null,
  count integer not null, sum real not null, min real not null, max real not null, first real not null, last real not null,
  seal integer, primary key(series, width, t0)) without rowid, strict;
create table if not exists rollup_mark(width integer primary key, done integer not null) strict;
create table if not exists journal(id integer primary key, data blob not null) strict;
create table if not exists damaged(id integer primary key, series integer not null, t0 real not null, t1 real not null,
  samples integer not null, data blob not null) strict;
`;

/** Columns that tables of former releases lack. */
const ADDED = [
  ["series", "about", "text not null default ''"],
  ["chunk", "seal", "integer"],
  ["rollup", "seal", "integer"],
] as const;

/** Opens (or makes) the database file of an embedded historian. */
export async function openFile(directory: string): Promise<DatabaseSync> {
  let file = "";
  try {
    const { DatabaseSync } = await import("node:sqlite");
    mkdirSync(directory, { recursive: true });
    file = historyFile(directory);
    const database = new DatabaseSync(file, { timeout: 2000 });
    try {
      // FULL: a commit is on the disk, not only with the operating system, when a write resolves.
      database.exec("pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = full");
      // One process at a time: heads live in memory, a second writer would not see them.
      database.exec("pragma locking_mode = exclusive; pragma cache_size = -8000; pragma journal_size_limit = 33554432");
      database.exec("pragma cell_size_check = on");
      const { user_version: version } = database.prepare("pragma user_version").get() as { user_version: number };
      if (version > VERSION) throw new Error(`written by a newer release (layout ${version})`);
      database.exec(`begin immediate;${TABLES}`);
      for (const [table, column, type] of ADDED) {
        const columns = database.prepare(`pragma table_info(${table})`).all();
        if (!columns.some(({ name }) => name === column))
          database.exec(`alter table ${table} add column ${column} ${type}`);
      }
      database.exec(`pragma user_version = ${VERSION};commit`);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    const text = messageOf(error);
    throw new FplusError("historian.io", `cannot open the historian in ${file || directory}: ${text}`, {
      field: "directory",
      cause: error,
      ...hintOf(text),
    });
  }
}

function hintOf(text: string): { hint?: string } {
  if (text.includes("locked")) return { hint: IN_USE };
  if (!/malformed|not a database/.test(text)) return {};
  return {
    hint: "The disk has damaged the file: put it back from a backup, or save what is left of it with `sqlite3 history.sqlite .recover`, or move it away to begin anew.",
  };
}
