/** The payload codec beside sparkplug-payload: a DDATA of 100 metrics by alias, from and to batches. */
import sparkplugPayload from "sparkplug-payload";
import type { BenchResult } from "../../../scripts/bench.ts";
import { SampleBatch, ValueType } from "../../../lib/sample/index.ts";
import { addMetric, DecodedPayload, PayloadEncoder } from "../../../lib/sparkplug/index.ts";
import { rounded } from "../process.ts";

const METRICS = 100;
const NOW = 1_700_000_000_123;
const reference = sparkplugPayload.get("spBv1.0")!;

/** Best rate of five rounds, in payloads a second. */
function rate(run: () => void): number {
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const until = performance.now() + 400;
    let count = 0;
    const from = performance.now();
    while (performance.now() < until) {
      for (let i = 0; i < 20; i++) run();
      count += 20;
    }
    best = Math.max(best, (count / (performance.now() - from)) * 1000);
  }
  return best;
}

export async function run(): Promise<BenchResult> {
  const batch = new SampleBatch(METRICS);
  for (let i = 0; i < METRICS; i++) batch.addValue(i, ValueType.Double, 20 + i / 7, NOW);
  const heads = Array.from({ length: METRICS }, (_, alias) => ({ alias }));
  const encoder = new PayloadEncoder();
  const ours = (): Uint8Array => {
    encoder.begin(NOW, 7);
    for (let i = 0; i < METRICS; i++) encoder.sample(heads[i]!, batch, i);
    return encoder.finish();
  };
  const theirs = (): Uint8Array =>
    reference.encodePayload({
      timestamp: NOW,
      seq: 7,
      metrics: heads.map(({ alias }, i) => ({ alias, timestamp: NOW, type: "Double" as const, value: 20 + i / 7 })),
    } as unknown as Parameters<typeof reference.encodePayload>[0]);
  const bytes = ours().slice();
  const payload = new DecodedPayload();
  const target = new SampleBatch(METRICS);
  const decode = (): void => {
    payload.decode(bytes);
    target.length = 0;
    for (let i = 0; i < payload.count; i++) addMetric(payload, i, ValueType.Double, i, 0, target, NOW);
  };
  decode();
  if (target.length !== METRICS || target.f64[7] !== batch.f64[7])
    throw new Error("what was decoded is not what was encoded");

  const row = (what: string, own: number, peer: number) => ({
    what,
    "metrics/s": Math.round(own * METRICS),
    "sparkplug-payload": Math.round(peer * METRICS),
    ratio: rounded(own / peer),
  });
  return {
    title: `Sparkplug B codec, DDATA of ${METRICS} Double metrics (${bytes.length} bytes; sparkplug-payload ${theirs().length})`,
    rows: [
      row("encode a batch", rate(ours), rate(theirs)),
      row(
        "decode into a batch",
        rate(decode),
        rate(() => reference.decodePayload(bytes)),
      ),
    ],
  };
}
