import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { openDatabase } from "../../lib/database/index.ts";
import { openFolder } from "../support/postgres.ts";

const run = promisify(execFile);
const start = path.resolve(import.meta.dirname, "../../scripts/start.ts");

/** The command over a state folder; gives what it printed, and fails with what it said. */
function commandOf(state: string, env: Record<string, string> = {}) {
  return async (...words: string[]): Promise<string> => {
    const { stdout } = await run(process.execPath, [start, ...words], {
      cwd: path.dirname(state),
      env: {
        ...process.env,
        FPLUS_STATE: state,
        FPLUS_DATABASE_URL: "",
        FPLUS_S3_URL: "",
        FPLUS_INFLUX_URL: "",
        ...env,
      },
    });
    return stdout;
  };
}

async function filled(t: TestContext): Promise<{ state: string; file: string }> {
  const folder = openFolder(t);
  const state = path.join(folder, "state");
  mkdirSync(state, { mode: 0o755 });
  writeFileSync(path.join(state, "flows.json"), '[{"id":"p","type":"fplus-plant","name":"Line 1","folder":""}]');
  const database = openDatabase({ engine: "embedded", directory: path.join(state, "fplus/database") });
  await database.query("CREATE TABLE parts (n int); INSERT INTO parts SELECT generate_series(1, 500)");
  await database.close();
  return { state, file: path.join(folder, "plant.fpbackup") };
}

test("factory-plus backup, verify and restore bring a wiped plant back, from the store and from a file", async (t) => {
  const { state, file } = await filled(t);
  const command = commandOf(state, { FPLUS_BACKUP_KEY: "a key of the plant" });
  const made = await command("backup");
  assert.match(made, /^backups\/line-1\/.*\.fpbackup: 0\.\d MB in [\d.]+ s, read back and the same\.$/m);
  assert.match(made, /500 rows, 0 samples, encrypted/);
  assert.match(await command("backups"), /\.fpbackup\n1 backups of Line 1\.\n$/);
  assert.match(await command("verify"), /^Line 1, .* All checksums are right/m);
  await command("backup", "--to", file, "--history", "all");
  assert.match(await command("verify", file), /node-red, database, historian/);
  await assert.rejects(command("restore", file), /public\.parts is in the target already/);
  await assert.rejects(
    commandOf(state, { FPLUS_BACKUP_KEY: "another long key" })("restore", file),
    /encrypted with another key/,
  );
  rmSync(state, { recursive: true });
  const restored = await command("restore", file);
  assert.match(restored, /^Line 1 is as it was at .*:\n  1 tables with 500 rows, 1 files, 0 samples, 0 objects$/m);
  assert.match(restored, /^Verified in [\d.]+ s, whole again after [\d.]+ s\./m);
  assert.match(readFileSync(path.join(state, "flows.json"), "utf8"), /"Line 1"/);
  assert.match(await command("restore", file, "--replace", "--only", "database"), /500 rows, 0 files/);
});

test("a database that runs for a plant goes on running, and wrong words say what is right", async (t) => {
  const { state, file } = await filled(t);
  const database = openDatabase({ engine: "embedded", directory: path.join(state, "fplus/database") });
  t.after(() => database.close());
  const pid = async (): Promise<unknown> =>
    (await database.query("SELECT pg_postmaster_start_time()::text AS t")).rows[0]!["t"];
  const before = await pid();
  const command = commandOf(state);
  assert.match(await command("backup", "--to", file), /NOT encrypted: set FPLUS_BACKUP_KEY/);
  assert.equal(await pid(), before);
  const wrong: [string[], RegExp][] = [
    [["backup", "--too", file], /Unknown option '--too'[^]*factory-plus restore/],
    [["backup", "--history", "some"], /not a part of the history: some/],
    [["restore", file, "--only", "everything"], /no part everything/],
    [["verify", "nothing-there"], /nothing-there/],
  ];
  for (const [words, expected] of wrong) await assert.rejects(command(...words), expected);
});
