import assert from "node:assert/strict";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openHistorian } from "../../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { batchOf, type Row } from "../contract.ts";

const ALL = { signals: ["**"], from: 0, to: 8e15 };

test("a folder of the first layout is taken over with all it holds; one of a later layout is left alone", async (t) => {
  const directory = temporaryFolder(t);
  const open = () => openHistorian({ engine: "embedded", directory, registry: new SignalRegistry() });
  const registry = new SignalRegistry();
  const first = openHistorian({ engine: "embedded", directory, registry });
  await first.write(
    batchOf(
      registry,
      Array.from({ length: 2000 }, (_, i): Row => [`p/m/${i % 3}`, i, i]),
    ),
  );
  const before = await first.query(ALL);
  await first.close();

  const file = path.join(directory, "history.sqlite");
  const old = new DatabaseSync(file);
  old.exec("alter table series drop column about; drop table rollup; drop table rollup_mark; drop table damaged");
  old.exec("alter table chunk drop column seal; pragma user_version = 1");
  old.close();
  const second = open();
  assert.deepEqual(await second.query(ALL), before);
  // The parts of a path that nobody named: the last is the metric, the one before it the device.
  const [signal] = await second.describe("p/m/1");
  assert.deepEqual([signal!.source, signal!.device, signal!.metric], ["p", "m", "1"]);
  await second.close();

  const newer = new DatabaseSync(file);
  newer.exec("pragma user_version = 99");
  newer.close();
  await assert.rejects(open().open(), { code: "historian.io", message: /newer release/ });
});
