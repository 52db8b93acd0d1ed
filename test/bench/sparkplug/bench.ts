/**
 * The payload codec beside sparkplug-payload in the same process: 60 rounds of 8 ms in turn, median of the ratios.
 */
import type { BenchResult } from "../../../scripts/bench.ts";
import { SampleBatch, type SampleValue, valueTypeOf } from "../../../lib/sample/index.ts";
import {
  decodePayload,
  decodePlain,
  encodePlain,
  head,
  metricName,
  type PayloadInput,
  PayloadEncoder,
  propertiesOf,
} from "../../../lib/sparkplug/index.ts";
import { rounded } from "../process.ts";
import { type Duel, duel } from "../rounds.ts";
import { garbage, hostPipeline } from "./pipeline.ts";
import { birth, data, nanosecondData, NOW, peer, type PeerPayload } from "./payloads.ts";

type Row = Record<string, string | number>;

function row(what: string, metrics: number, { ours, peer: other, ratio }: Duel, bar: number): Row {
  return {
    what,
    "ns a metric": rounded(ours / metrics, 1),
    "sparkplug-payload": rounded(other / metrics, 1),
    ratio: rounded(ratio, 1),
    "at least": bar,
  };
}

function decodeRow(what: string, payload: PayloadInput, bar: number, read?: () => void): Row {
  // What MQTT.js hands over.
  const bytes = Buffer.from(encodePlain(payload));
  const count = payload.metrics!.length;
  const decode = (): void => void decodePayload(bytes);
  const decodeAndRead = (): void => {
    decodePayload(bytes);
    read?.();
  };
  const run = read === undefined ? decode : decodeAndRead;
  run();
  if (head.count !== count || head.broken > 0) throw new Error(`${what}: not decoded`);
  return row(
    what,
    count,
    duel(run, () => peer.decodePayload(bytes)),
    bar,
  );
}

/** Reads everything that is lazy: names, property keys and values. */
function materialise(): void {
  for (let i = 0; i < head.count; i++) {
    metricName(i);
    propertiesOf(i);
  }
}

function batchOf(payload: PayloadInput): SampleBatch {
  const batch = new SampleBatch(payload.metrics!.length);
  payload.metrics!.forEach(({ type, value }, i) =>
    batch.addValue(i, valueTypeOf(String(type)), value as SampleValue, NOW + (i >> 3)),
  );
  return batch;
}

function fail(fault: unknown): never {
  throw fault;
}

function encodeRows(): Row[] {
  const payload = data(100);
  const batch = batchOf(payload);
  const encoder = new PayloadEncoder();
  const indexes = Array.from({ length: 100 }, (_, i) => i);
  const aliases = Uint32Array.from(indexes);
  const fromBatch = (): Uint8Array => {
    return encoder.begin(NOW, 7).values(batch, indexes, aliases, fail).finish();
  };
  const theirs = (): Uint8Array => peer.encodePayload(payload as PeerPayload);
  const same = Buffer.compare(fromBatch(), theirs()) === 0 && Buffer.compare(encodePlain(payload), theirs()) === 0;
  if (!same) throw new Error("the encoders do not agree byte for byte");
  return [
    row("encode 100 metrics from a batch", 100, duel(fromBatch, theirs), 25),
    row(
      "encode 100 metrics from objects",
      100,
      duel(() => encodePlain(payload), theirs),
      10,
    ),
  ];
}

function garbageRow(): Row {
  const { ours, peer: other } = garbage(100);
  return {
    what: "heap garbage of decoding 100 metrics",
    "bytes a metric": rounded(ours, 1),
    "sparkplug-payload": rounded(other, 0),
    "at most": 2,
  };
}

export async function run(): Promise<BenchResult> {
  const hundred = Buffer.from(encodePlain(data(100)));
  return {
    title: "Sparkplug B codec beside sparkplug-payload",
    rows: [
      decodeRow("decode 100 metrics", data(100), 16),
      decodeRow("decode 10 metrics", data(10), 15),
      decodeRow("decode 1 metric", data(1), 9),
      decodeRow("decode 100 metrics, ns timestamps", nanosecondData(100), 13),
      decodeRow("decode a birth of 500, lazy", birth(500), 45),
      decodeRow("decode a birth of 500, all read", birth(500), 6, materialise),
      row(
        "decode 100 metrics to plain objects",
        100,
        duel(
          () => decodePlain(hundred),
          () => peer.decodePayload(hundred),
        ),
        4,
      ),
      ...encodeRows(),
      row("host: decode, alias, sign, last values", 100, hostPipeline(100), 14),
      garbageRow(),
    ],
  };
}
