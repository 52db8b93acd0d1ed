import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ArchivedHistorian, type WriteReceipt } from "../../lib/historian/index.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import { Receipt, SampleBatch, signals, ValueType } from "../../lib/sample/index.ts";
import type { HistorianService } from "../../nodes/fplus-historian/service.ts";
import historian from "../../nodes/fplus-historian/fplus-historian.ts";
import query from "../../nodes/fplus-historian-query/fplus-historian-query.ts";
import { requestOf } from "../../nodes/fplus-historian-query/request.ts";
import { found, treeOf } from "../../nodes/fplus-historian-query/signal-tree.ts";
import write from "../../nodes/fplus-historian-write/fplus-historian-write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { freePorts } from "../support/ports.ts";
import { findProgram, missing } from "../support/services.ts";
import { until } from "../support/until.ts";
import { startInfluxd } from "../support/influxd.ts";
import { influxd2Program, startInfluxd2 } from "../support/influxd2.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");

after(() => processLeases.closeAll());

test("what one node writes, another reads, in every shape of message", async (t) => {
  const user = temporaryFolder(t);
  const flow = [
    { id: "w", type: "fplus-historian-write", historian: "h", wires: [["receipt"], ["rejected"]] },
    {
      id: "q",
      type: "fplus-historian-query",
      historian: "h",
      signals: "Line1/**",
      range: "last",
      minutes: "60",
      aggregate: "raw",
      wires: [["answer"]],
    },
    {
      id: "table",
      type: "fplus-historian-query",
      historian: "h",
      signals: "Line1/Press/Temp",
      range: "last",
      minutes: "60",
      output: "rows",
      wires: [["answer"]],
    },
    { id: "h", type: "fplus-historian", engine: "embedded", folder: "", retention: "0" },
    { id: "receipt", type: "helper" },
    { id: "rejected", type: "helper" },
    { id: "answer", type: "helper" },
  ];
  const node = await loadFlow(user, [historian, write, query], flow);

  const send = async (msg: Record<string, unknown>): Promise<unknown> => {
    const answered = nextMessage(node("receipt"));
    node("w").receive(msg);
    return (await answered)["payload"];
  };
  const now = Date.now();
  assert.deepEqual(await send({ topic: "Line1/Press/Temp", payload: 20.5, timestamp: now - 3000 }), {
    written: 1,
    rejected: [],
  });
  await send({ payload: [{ name: "Line1/Press/Temp", value: 21.5, timestamp: now - 2000, unit: "Cel" }] });
  await send({ topic: "Line1/Press", payload: { State: "running" }, timestamp: now - 1000 });

  const refused = nextMessage(node("rejected"));
  node("w").receive({ topic: "Line1/Press/Temp", payload: Number.NaN, timestamp: now });
  assert.match(JSON.stringify((await refused)["payload"]), /Line1\/Press\/Temp.*NaN/);

  const answered = nextMessage(node("answer"));
  node("q").receive({ payload: "go" });
  assert.deepEqual((await answered)["payload"], [
    { name: "Line1/Press/State", time: [now - 1000], value: ["running"] },
    { name: "Line1/Press/Temp", unit: "Cel", time: [now - 3000, now - 2000], value: [20.5, 21.5] },
  ]);

  const rows = nextMessage(node("answer"));
  node("table").receive({ payload: { aggregate: "max", windowMs: 3_600_000, from: 0, to: now } });
  const [row] = (await rows)["payload"] as { value: number }[];
  assert.equal(row?.value, 21.5);
  await unloadFlow();
});

test("points go in with measurement, tags and fields, and InfluxQL asks for them", async (t) => {
  const flow = [
    { id: "wp", type: "fplus-historian-write", historian: "hp", wires: [["receiptp"], []] },
    {
      id: "qp",
      type: "fplus-historian-query",
      historian: "hp",
      language: "influxql",
      output: "rows",
      wires: [["answerp"]],
    },
    { id: "hp", type: "fplus-historian", engine: "embedded", folder: "points", retention: "0" },
    { id: "receiptp", type: "helper" },
    { id: "answerp", type: "helper" },
  ];
  const node = await loadFlow(temporaryFolder(t), [historian, write, query], flow);
  const send = async (msg: Record<string, unknown>): Promise<unknown> => {
    const answered = nextMessage(node("receiptp"));
    node("wp").receive(msg);
    return (await answered)["payload"];
  };
  const tags = { location: "production_line_1", sensor_id: "temp_001", device_type: "thermocouple" };
  const fields = { temperature: 75.5, humidity: 45.2, status: "normal" };
  const point = { measurement: "temperature_sensors", tags, fields, timestamp: "2023-01-01T10:30:00Z" };
  assert.deepEqual(await send({ payload: [point] }), { written: 3, rejected: [] });
  const later = {
    measurement: "temperature_sensors",
    payload: [{ temperature: 81.2 }, tags],
    timestamp: Date.UTC(2023, 0, 1, 11),
  };
  assert.deepEqual(await send(later), { written: 1, rejected: [] });
  const answered = nextMessage(node("answerp"));
  node("qp").receive({ query: "SELECT temperature, status FROM temperature_sensors GROUP BY location" });
  assert.deepEqual((await answered)["payload"], [
    { location: "production_line_1", time: "2023-01-01T10:30:00Z", temperature: 75.5, status: "normal" },
    { location: "production_line_1", time: "2023-01-01T11:00:00Z", temperature: 81.2, status: null },
  ]);
  await unloadFlow();
});

test("a point without a name is refused alone and counted, an empty tag is none", async (t) => {
  const flow = [
    { id: "we", type: "fplus-historian-write", historian: "he", wires: [["receipte"], ["rejectede"]] },
    { id: "he", type: "fplus-historian", engine: "embedded", folder: "empty", retention: "0" },
    { id: "receipte", type: "helper" },
    { id: "rejectede", type: "helper" },
  ];
  const node = await loadFlow(temporaryFolder(t), [historian, write], flow);
  const receipt = nextMessage(node("receipte"));
  const rejected = nextMessage(node("rejectede"));
  const point = (more: object) => ({ measurement: "m", tags: { line: "1" }, fields: { v: 1 }, timestamp: 1, ...more });
  node("we").receive({
    payload: [
      point({ tags: { "": "x" } }),
      point({ fields: { "": 1, text: "", high: Number.NaN } }),
      point({ measurement: "" }),
      point({ tags: { line: { number: 1 } } }),
      point({ tags: { line: "1", cell: "" } }),
    ],
  });
  const { written, rejected: refused } = (await receipt)["payload"] as WriteReceipt;
  assert.equal(written, 2);
  assert.deepEqual(
    refused.map(({ index, path, reason }) => [index, path, reason]),
    [
      [0, "m/v", "a point's tags has no name"],
      [1, "m/", "a point's fields has no name"],
      [3, "m/{line=1}/high", "NaN is not a number that can be stored"],
      [4, "/v", "a point's measurement has no name"],
      [5, "m/v", "the tag line is no text"],
    ],
  );
  assert.deepEqual((await rejected)["payload"], refused);
  const writer = processHealth.snapshot().find(({ counters }) => counters["rejected"] === 5);
  assert.equal(writer?.counters["written"], 2);
  const next = nextMessage(node("receipte"));
  node("we").receive({ payload: point({ measurement: "" }) });
  assert.equal(((await next)["payload"] as WriteReceipt).written, 0);
  await unloadFlow();
});

test("an empty text is refused alone and counted, or stored where the node says so", async (t) => {
  const flow = [
    {
      id: "wr",
      type: "fplus-historian-write",
      historian: "ht",
      emptyTexts: "refuse",
      wires: [["receiptt"], ["rejectedt"]],
    },
    { id: "ws", type: "fplus-historian-write", historian: "ht", emptyTexts: "store", wires: [["receiptt"], []] },
    {
      id: "qt",
      type: "fplus-historian-query",
      historian: "ht",
      aggregate: "raw",
      wires: [["answert"]],
    },
    { id: "ht", type: "fplus-historian", engine: "embedded", folder: "texts", retention: "0" },
    { id: "receiptt", type: "helper" },
    { id: "rejectedt", type: "helper" },
    { id: "answert", type: "helper" },
  ];
  const node = await loadFlow(temporaryFolder(t), [historian, write, query], flow);
  const send = async (id: string, msg: Record<string, unknown>): Promise<unknown> => {
    const answered = nextMessage(node("receiptt"));
    node(id).receive(msg);
    return (await answered)["payload"];
  };
  const reason = "an empty text; Empty texts on the node can be set to store it";
  const rejected = nextMessage(node("rejectedt"));
  const said = [{ index: 1, path: "Line1/Press/Alarm", reason }];
  assert.deepEqual(
    await send("wr", { topic: "Line1/Press", payload: { State: "running", Alarm: "", Mode: "auto" }, timestamp: 1000 }),
    { written: 2, rejected: said },
  );
  assert.deepEqual((await rejected)["payload"], said);
  const point = { measurement: "m", tags: {}, fields: { "": 1, text: "", v: 2 }, timestamp: 1000 };
  const refused = (await send("wr", { payload: point })) as WriteReceipt;
  assert.deepEqual([refused.written, refused.rejected.map(({ index }) => index)], [1, [0, 1]]);

  // A source that waits for its receipt is not kept waiting by a batch of nothing else.
  let confirmed = 0;
  const alone = new SampleBatch();
  alone.addValue(signals.intern({ source: "Line1", device: "Press", metric: "Alarm" }).id, ValueType.String, "", 1000);
  alone.receipt = new Receipt(() => (confirmed += 1));
  assert.equal(((await send("wr", { payload: alone })) as WriteReceipt).written, 0);
  assert.equal(confirmed, 1);

  assert.deepEqual(await send("ws", { topic: "Line1/Press/Alarm", payload: "", timestamp: 2000 }), {
    written: 1,
    rejected: [],
  });
  const answered = nextMessage(node("answert"));
  node("qt").receive({ payload: { signals: ["Line1/Press/Alarm"], from: 0, to: 10_000 } });
  assert.deepEqual((await answered)["payload"], [{ name: "Line1/Press/Alarm", time: [2000], value: [""] }]);
  const writer = processHealth.snapshot().find(({ counters }) => counters["rejected"] === 4);
  assert.equal(writer?.counters["written"], 4);
  await unloadFlow();
});

test("a query is the dialog's, with what the message sets", () => {
  const dialog = {
    name: "",
    historian: "",
    language: "builder",
    query: "",
    fill: "",
    tags: "",
    signals: " a/b \n\n c/* ",
    range: "last",
    minutes: "10",
    from: "",
    to: "",
    aggregate: "mean",
    window: "60",
    limit: "",
    output: "arrays",
  } as const;
  assert.deepEqual(requestOf(dialog, undefined, 1_000_000), {
    signals: ["a/b", "c/*"],
    from: 400_000,
    to: 1_000_000,
    aggregate: "mean",
    windowMs: 60_000,
    fill: "none",
  });
  const asked = {
    signals: "x/y",
    from: "2026-01-01T00:00:00Z",
    to: 1_800_000_000_000,
    aggregate: "raw",
    limit: 5,
    maxPoints: 100,
  };
  assert.deepEqual(requestOf(dialog, asked, 0), {
    signals: ["x/y"],
    from: Date.UTC(2026, 0, 1),
    to: 1_800_000_000_000,
    aggregate: "raw",
    limit: 5,
    maxPoints: 100,
  });
  const tagged = requestOf({ ...dialog, tags: "site=Leeds , device = Press*" }, undefined, 0);
  assert.deepEqual(tagged.tags, { site: "Leeds", device: "Press*" });
  assert.deepEqual(requestOf(dialog, { tags: { site: "York" } }, 0).tags, { site: "York" });
  assert.throws(() => requestOf({ ...dialog, tags: "Leeds" }, undefined, 0), {
    code: "historian.query",
    field: "tags",
  });
  const between = { ...dialog, range: "between", from: "2026-01-01T00:00:00Z", to: "" } as const;
  assert.equal(requestOf(between, { minutes: 1 }, 90_000).from, 30_000);
  assert.equal(requestOf(between, undefined, 9).to, 9);
  assert.throws(() => requestOf({ ...dialog, signals: "" }, undefined, 0), {
    code: "historian.query",
    field: "signals",
  });
  assert.throws(() => requestOf(dialog, { from: "yesterday" }, 0), { code: "historian.query", field: "from" });
  assert.throws(() => requestOf({ ...between, from: "" }, undefined, 0), { code: "historian.query", field: "from" });
  // A blank field means what it shows in grey.
  assert.equal(requestOf({ ...dialog, minutes: "" }, undefined, 3_600_000).from, 0);
  assert.equal(requestOf({ ...dialog, window: "" }, undefined, 0).windowMs, 60_000);
  const relative = requestOf({ ...between, from: "now-1d", to: "now-1h" }, undefined, 86_400_000);
  assert.deepEqual([relative.from, relative.to], [0, 82_800_000]);
});

test("samples for an InfluxDB that is away survive a redeploy with other settings and arrive", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const user = temporaryFolder(t);
  const [port] = await freePorts(1);
  const flow = (bucket: string): object[] => [
    { id: "w2", type: "fplus-historian-write", historian: "h2", wires: [["out2"], []] },
    {
      id: "q2",
      type: "fplus-historian-query",
      historian: "h2",
      signals: "Line1/**",
      range: "last",
      minutes: "60",
      wires: [["out2"]],
    },
    {
      id: "h2",
      type: "fplus-historian",
      engine: "influx",
      url: `http://127.0.0.1:${port!}`,
      bucket,
      version: "auto",
      org: "",
    },
    { id: "out2", type: "helper" },
  ];
  let node = await loadFlow(user, [historian, write, query], flow("first"));
  for (let i = 0; i < 3; i++) {
    const answered = nextMessage(node("out2"));
    node("w2").receive({ topic: "Line1/Press/Count", payload: i, timestamp: Date.now() - 10_000 + i });
    assert.deepEqual((await answered)["payload"], { written: 1, rejected: [], spooled: 1 });
  }
  await unloadFlow();
  const server = await startInfluxd(INFLUXD!, temporaryFolder(t), port);
  t.after(() => server.stop());
  node = await loadFlow(user, [historian, write, query], flow("second"));
  await until("delivery", async () => {
    const answered = nextMessage(node("out2"));
    node("q2").receive({ payload: "go" });
    const [series] = (await answered)["payload"] as { value: number[] }[];
    return series?.value.length === 3;
  });
  await unloadFlow();
  await processLeases.closeAll();
});

test("with an archive set, months older than it leave the store and a query still answers", async (t) => {
  const user = temporaryFolder(t);
  const flow = [
    { id: "wa", type: "fplus-historian-write", historian: "ha", wires: [["outa"], []] },
    {
      id: "qa",
      type: "fplus-historian-query",
      historian: "ha",
      signals: "Line9/**",
      range: "between",
      from: "2026-01-01",
      to: "2026-03-01",
      aggregate: "raw",
      wires: [["outa"]],
    },
    { id: "ha", type: "fplus-historian", engine: "embedded", folder: "hot", retention: "0", archiveMonths: "1" },
    { id: "outa", type: "helper" },
  ];
  const node = await loadFlow(user, [historian, write, query], flow);
  const ask = async (): Promise<unknown> => {
    const answered = nextMessage(node("outa"));
    node("qa").receive({ payload: "go" });
    return (await answered)["payload"];
  };
  const written = nextMessage(node("outa"));
  const timestamp = Date.UTC(2026, 0, 20);
  node("wa").receive({ topic: "Line9/Press/Temp", payload: 20.5, timestamp });
  await written;
  const before = await ask();
  assert.deepEqual(before, [{ name: "Line9/Press/Temp", time: [timestamp], value: [20.5] }]);
  const service = (node("ha") as unknown as { fplusService: HistorianService }).fplusService;
  const lease = service.lease();
  assert.ok(lease.value instanceof ArchivedHistorian);
  await lease.value.archive("2026-01");
  assert.deepEqual(await lease.value.store.query({ signals: ["**"], from: 0, to: 8e12 }), []);
  assert.deepEqual(await ask(), before);
  await lease.release();
  await unloadFlow();
});

test("the nodes write to an InfluxDB 2 and ask it by signals, in InfluxQL and in Flux", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const server = await startInfluxd2(temporaryFolder(t));
  t.after(() => server.stop());
  const { url, bucket, token } = server;
  const ask = { type: "fplus-historian-query", historian: "h27", output: "rows", wires: [["answer27"]] };
  const flow = [
    { id: "w27", type: "fplus-historian-write", historian: "h27", wires: [["receipt27"], []] },
    { ...ask, id: "signals27", signals: "Line1/**", range: "last", minutes: "60", aggregate: "raw" },
    { ...ask, id: "influxql27", language: "influxql", query: "SELECT last(value) FROM sensors GROUP BY path" },
    {
      ...ask,
      id: "flux27",
      language: "flux",
      query: `from(bucket: "${bucket}") |> range(start: -1h) |> filter(fn: (r) => r._field == "value") |> mean()`,
    },
    { id: "h27", type: "fplus-historian", engine: "influx", url, bucket, version: "auto", org: "" },
    { id: "receipt27", type: "helper" },
    { id: "answer27", type: "helper" },
  ];
  const node = await loadFlow(temporaryFolder(t), [historian, write, query], flow, { h27: { token } });
  const now = Date.now();
  for (const [value, at] of [
    [20, now - 2000],
    [30, now - 1000],
  ] as const) {
    const receipt = nextMessage(node("receipt27"));
    node("w27").receive({ topic: "Line1/Press/Temp", payload: value, timestamp: at });
    assert.deepEqual((await receipt)["payload"], { written: 1, rejected: [] });
  }
  const rowsOf = async (id: string): Promise<Record<string, unknown>[]> => {
    const answered = nextMessage(node("answer27"));
    node(id).receive({ payload: "go" });
    return (await answered)["payload"] as Record<string, unknown>[];
  };
  assert.deepEqual(
    (await rowsOf("signals27")).map(({ value }) => value),
    [20, 30],
  );
  assert.deepEqual(
    (await rowsOf("influxql27")).map(({ path, last }) => [path, last]),
    [["Line1/Press/Temp", 30]],
  );
  assert.deepEqual(
    (await rowsOf("flux27")).map(({ path, _value }) => [path, _value]),
    [["Line1/Press/Temp", 25]],
  );
  await unloadFlow();
  await processLeases.closeAll();
});

test("the signals are a tree of their levels, in which a branch stands for all below it", () => {
  const signals = ["P/G/Press/Temp", "P/G/Press", "P/G/Oven/Temp", "Sine"].map((name) => ({ path: name, unit: "Cel" }));
  const shape = (items: ReturnType<typeof treeOf>): unknown[] =>
    items.map(({ line, selected, children }) => [
      selected ? `x ${line}` : line,
      ...(children === undefined ? [] : [shape(children)]),
    ]);
  assert.deepEqual(shape(treeOf(signals, new Set(["P/G/Press", "P/**"]))), [
    [
      "x P/**",
      [["P/G/**", [["x P/G/Press"], ["P/G/Press/**", [["P/G/Press/Temp"]]], ["P/G/Oven/**", [["P/G/Oven/Temp"]]]]]],
    ],
    ["Sine"],
  ]);
  const { count, items } = found(signals, new Set(), "temp OVEN");
  assert.deepEqual([count, items.map(({ line }) => line)], [1, ["P/G/Oven/Temp"]]);
});
