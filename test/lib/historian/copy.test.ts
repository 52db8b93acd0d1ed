import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { copyHistorian, type HistorianStore, openHistorian } from "../../../lib/historian/index.ts";
import { SignalRegistry, ValueType } from "../../../lib/sample/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startInfluxd } from "../../support/influxd.ts";
import { influxd2Program, startInfluxd2 } from "../../support/influxd2.ts";
import { findProgram, missing } from "../../support/services.ts";
import { batchOf, type Row } from "./contract.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
const T0 = Date.UTC(2026, 0, 15, 12);
const ALL = { signals: ["**"], from: 0, to: 8e15 };

const ROWS: Row[] = [
  ...Array.from({ length: 700 }, (_, i): Row => [
    "p/m/A",
    i / 4,
    Math.floor(i / 3),
    { ns: (i % 3) * 1000, status: i % 50 === 0 ? 0x80000000 : 0 },
  ]),
  ...Array.from({ length: 90 }, (_, i): Row => ["p/m/Run", i % 2 === 0, i, { type: ValueType.Boolean }]),
  ["p/m/Wide", 9007199254740993n, 0, { type: ValueType.Int64 }],
  ["p/m/Text", 'a "b"\n', 0, { type: ValueType.String }],
  ["p/m/Text", null, 1, { type: ValueType.String, status: 0x80000000 }],
];

async function filled(t: TestContext, directory: string, registry = new SignalRegistry()): Promise<HistorianStore> {
  const store = openHistorian({ engine: "embedded", directory, registry });
  t.after(() => store.close());
  await store.write(batchOf(registry, ROWS));
  return store;
}

test("a copy from embedded to embedded has every bit, goes on after a stop, and finds what differs", async (t) => {
  const registry = new SignalRegistry();
  const from = await filled(t, temporaryFolder(t), registry);
  const to = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  t.after(() => to.close());
  const done = new Map<string, number>();
  const stop = copyHistorian({
    from,
    to,
    until: T0 + 1e6,
    partSamples: 100,
    onProgress({ path: name, samples, verified }) {
      if (verified) done.set(name, samples);
      if (done.size === 2) throw new Error("stopped");
    },
  });
  await assert.rejects(stop, /stopped/);
  assert.deepEqual(
    [...done],
    [
      ["p/m/A", 700],
      ["p/m/Run", 90],
    ],
  );
  const report = await copyHistorian({ from, to, until: T0 + 1e6, partSamples: 100, done });
  assert.deepEqual(report, { signals: 4, samples: 793, skipped: 2, rejected: [] });
  assert.deepEqual(await to.query(ALL), await from.query(ALL));
  const described = await to.describe("p/m/*");
  assert.deepEqual(
    described.map(({ type, device }) => [device, type]),
    [
      ["m", ValueType.Double],
      ["m", ValueType.Boolean],
      ["m", ValueType.String],
      ["m", ValueType.Int64],
    ],
  );
  // A target that had a sample of its own is not the same.
  await to.write(batchOf(registry, [["p/m/A", 1, 5000]]));
  await assert.rejects(copyHistorian({ from, to, until: T0 + 1e6 }), { code: "historian.copy", field: "p/m/A" });
});

for (const [release, program, start] of [
  ["1.x", INFLUXD, (folder: string) => startInfluxd(INFLUXD!, folder)],
  ["2", influxd2Program, startInfluxd2],
] as const) {
  test(`the command copies an embedded store into InfluxDB ${release} and back`, async (t) => {
    if (missing(t, `influxd ${release}`, program)) return;
    const server = await start(temporaryFolder(t));
    t.after(() => server.stop());
    await copiesAndBack(t, server.url, "token" in server ? String(server.token) : "");
  });
}

async function copiesAndBack(t: TestContext, url: string, token: string): Promise<void> {
  const [folder, other, state] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)];
  await (await filled(t, folder)).close();
  const run = async (from: string, to: string): Promise<string> => {
    const script = path.resolve(import.meta.dirname, "../../../scripts/copy-store.ts");
    const env = { ...process.env, FPLUS_STATE: state, FPLUS_INFLUX_TOKEN: token };
    return (await promisify(execFile)(process.execPath, [script, "historian", from, to], { env })).stdout;
  };
  assert.match(await run(`embedded:${folder}`, `${url}/plant`), /793 samples of 4 signals are copied and verified\./);
  assert.match(await run(`embedded:${folder}`, `${url}/plant`), /verified, 4 signals by a former run\./);
  assert.match(await run(`${url}/plant`, `embedded:${other}`), /793 samples of 4 signals/);
  const [a, b] = [folder, other].map((directory) =>
    openHistorian({ engine: "embedded", directory, registry: new SignalRegistry() }),
  );
  const [first, second] = [await a!.query(ALL), await b!.query(ALL)];
  assert.deepEqual(
    second.map(({ path: name, value }) => [name, ...value]),
    first.map(({ path: name, value }) => [name, ...value]),
  );
  await a!.close();
  await b!.close();
  await assert.rejects(run("nowhere", `embedded:${other}`), /neither a folder nor an address/);
}
