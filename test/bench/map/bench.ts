/**
 * The map beside doing the same in a function node: in the process alone (60 rounds of 8 ms in turn, median of the ratios), and
 * through Node-RED, where a function node gets one message a value or an array of them.
 */
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import vm from "node:vm";
import jsonata from "jsonata";
import type { NodeAPI } from "node-red";
import type { BenchResult } from "../../../scripts/bench.ts";
import { formulaOf, type Mapped, Mapper } from "../../../lib/gateway/index.ts";
import { processLeases } from "../../../lib/plant/index.ts";
import { type PlainSample, plainSamples, SampleBatch, signals, ValueType } from "../../../lib/sample/index.ts";
import map from "../../../nodes/fplus-map/fplus-map.ts";
import { loadFlow, type TestNode, unloadFlow } from "../../support/nodes.ts";
import { rounded } from "../process.ts";
import { duel } from "../rounds.ts";

const TAGS = 1000;
const DEVICES = 50;
const RULES = [
  { tag: "T*", name: "temperature *", rawLow: 0, rawHigh: 27_648, low: 0, high: 300, unit: "Cel", min: 0, max: 250 },
];
const DERIVED = [
  { tag: "T0", name: "v" },
  { tag: "T1", name: "i" },
  { name: "power", formula: "v * i / 1000", unit: "kW" },
];

/** The same work as an engineer writes it in a function node: scale, unit, range, name; bad ones on a second output. */
const FUNCTION = `
const good = [], bad = [];
const list = Array.isArray(msg.payload) ? msg.payload : [{ name: msg.topic, value: msg.payload, timestamp: msg.timestamp }];
for (const sample of list) {
  const [source, device, tag] = sample.name.split("/");
  if (!tag.startsWith("T")) { good.push(sample); continue; }
  const value = sample.value * 300 / 27648;
  const mapped = { ...sample, name: "plant/" + device + "/temperature " + tag.slice(1), value, unit: "Cel" };
  if (value < 0 || value > 298) bad.push({ ...mapped, quality: "bad", reason: "range" });
  else good.push(mapped);
}
return [{ ...msg, payload: good }, bad.length > 0 ? { ...msg, payload: bad } : null];`;

/** A publish response of 1,000 tags that changed. */
function newBatch(source: string): SampleBatch {
  const batch = new SampleBatch(TAGS);
  for (let i = 0; i < TAGS; i++) {
    const signal = signals.intern({
      source,
      device: `Machine${i % DEVICES}`,
      metric: `T${Math.floor(i / DEVICES)}`,
      type: ValueType.UInt16,
    });
    batch.addValue(signal.id, ValueType.UInt16, (i * 23) % 27_648, Date.now(), 0, 0);
  }
  return batch;
}

function mapperOf(rules: readonly object[], name: string): Mapper {
  return new Mapper({ name, rules, passUnmapped: true, compile: (text) => formulaOf(jsonata(text)) });
}

/** A function node's code in a context of its own, as Node-RED runs it. */
function functionNode(): (msg: { payload: unknown }) => unknown {
  const context = vm.createContext({});
  return vm.runInContext(`(function (msg) {${FUNCTION}})`, context) as (msg: { payload: unknown }) => unknown;
}

function alone(): BenchResult["rows"] {
  const batch = newBatch("bench");
  const plain: PlainSample[] = plainSamples(batch);
  const work = functionNode();
  const peer = (): void => void work({ payload: plain });
  const row = (what: string, rules: readonly object[]) => {
    const mapper = mapperOf(rules, `mapped ${what}`);
    const first = mapper.map(batch) as Mapped;
    if (first.good.length + (first.bad?.length ?? 0) < TAGS) throw new Error("samples are missing");
    const { ours, peer: other, ratio } = duel(() => void mapper.map(batch), peer);
    return {
      what,
      "ns a sample": rounded(ours / TAGS, 1),
      "function node": rounded(other / TAGS, 1),
      ratio: rounded(ratio, 1),
      "at least": 4,
    };
  };
  return [
    row("scale, unit, range, name: alone", RULES),
    row("the same with a derived metric of 50 devices: alone", [...RULES, ...DERIVED]),
  ];
}

/** Through Node-RED: nanoseconds a sample from the first message in to the last out. */
async function through(): Promise<BenchResult["rows"]> {
  const functionType = createRequire(import.meta.url)("@node-red/nodes/core/function/10-function.js") as (
    RED: NodeAPI,
  ) => void;
  const user = mkdtempSync(path.join(os.tmpdir(), "fplus-bench-"));
  try {
    const node = await loadFlow(
      user,
      [map, functionType],
      [
        {
          id: "m",
          type: "fplus-map",
          name: "bench map",
          rules: RULES,
          unmapped: "pass",
          output: "batch",
          wires: [["out"], []],
        },
        {
          id: "f",
          type: "function",
          func: FUNCTION,
          outputs: 2,
          timeout: 0,
          initialize: "",
          finalize: "",
          libs: [],
          wires: [["out"], []],
        },
        { id: "out", type: "helper" },
      ],
    );
    const batch = newBatch("bench through");
    const plain = plainSamples(batch);
    const values = plain.map(({ name, value, timestamp }) => ({ topic: name, payload: value, timestamp }));
    const best = async (send: TestNode, messages: readonly object[], samples: number): Promise<number> => {
      let fastest = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 7; round++)
        fastest = Math.min(fastest, (await passed(send, node("out"), messages)) / samples);
      return fastest;
    };
    const batches = Array.from({ length: 100 }, () => ({ payload: batch }));
    const arrays = Array.from({ length: 100 }, () => ({ payload: plain }));
    const ours = await best(node("m"), batches, batches.length * TAGS);
    const asArray = await best(node("f"), arrays, arrays.length * TAGS);
    const single = await best(node("f"), values, values.length);
    const row = (what: string, other: number, least: number) => ({
      what,
      "ns a sample": rounded(ours, 1),
      "function node": rounded(other, 1),
      ratio: rounded(other / ours, 1),
      "at least": least,
    });
    return [
      row("through Node-RED, the function node gets arrays", asArray, 4),
      row("through Node-RED, the function node gets one message a value", single, 40),
    ];
  } finally {
    await unloadFlow();
    await processLeases.closeAll();
    rmSync(user, { recursive: true, force: true });
  }
}

/** Sends messages and waits until as many came out; nanoseconds. */
function passed(send: TestNode, out: TestNode, messages: readonly object[]): Promise<number> {
  return new Promise((resolve) => {
    let left = messages.length;
    const from = performance.now();
    const count = (): void => {
      left -= 1;
      if (left > 0) return;
      (out as unknown as NodeJS.EventEmitter).off("input", count);
      resolve((performance.now() - from) * 1e6);
    };
    out.on("input", count);
    for (const message of messages) send.receive({ ...message });
  });
}

export async function run(): Promise<BenchResult> {
  return { title: "Map: 1,000 tags a message, beside a function node", rows: [...alone(), ...(await through())] };
}
