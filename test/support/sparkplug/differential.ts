import assert from "node:assert/strict";
import { FplusError } from "../../../lib/errors/index.ts";
import { decodePlain, type PlainPayload } from "../../../lib/sparkplug/index.ts";
import { expectedMetrics } from "./expected.ts";
import { mutate } from "./mutate.ts";
import { decodeWithProtobufEs, decodeWithProtobufJs, isWellFormed, type RawPayload } from "./schema.ts";
import { seedPayloads } from "./seeds.ts";
import { seededRandom } from "../random.ts";

/** What came of a fuzz run. */
export interface FuzzCount {
  rounds: number;
  /** Both other decoders gave the same, and so did ours. */
  same: number;
  /** Malformed: ours refused it or named the metrics it could not read. */
  refused: number;
  /** Well-formed, but the two others do not agree: ours had to read it. */
  undecided: number;
}

/**
 * Compares our decoder with protobufjs and protobuf-es on mutated payloads.
 * @throws AssertionError naming seed, round and bytes where they differ
 */
export function fuzz(seed: number, rounds: number): FuzzCount {
  const random = seededRandom(seed);
  const seeds = seedPayloads();
  const pick = (): Uint8Array => seeds[Math.floor(random() * seeds.length)]!;
  const count: FuzzCount = { rounds, same: 0, refused: 0, undecided: 0 };
  for (let round = 0; round < rounds; round++) {
    const bytes = mutate(pick(), pick(), random);
    try {
      count[compare(bytes)] += 1;
    } catch (error) {
      const hex = Buffer.from(bytes).toString("hex");
      throw new Error(`seed ${seed}, round ${round}, bytes ${hex}`, { cause: error });
    }
  }
  return count;
}

function compare(bytes: Uint8Array): "same" | "refused" | "undecided" {
  const ours = attempt(() => decodePlain(bytes));
  if (ours instanceof Error) assert.ok(ours instanceof FplusError, String(ours));
  if (!isWellFormed(bytes)) {
    assert.ok(ours instanceof Error || ours.faults !== undefined, "ours accepts what is malformed");
    return "refused";
  }
  assert.ok(!(ours instanceof Error), `ours refuses what is well-formed: ${String(ours)}`);
  const js = attempt(() => decodeWithProtobufJs(bytes));
  const es = attempt(() => decodeWithProtobufEs(bytes));
  if (js instanceof Error || es instanceof Error || JSON.stringify(js) !== JSON.stringify(es)) return "undecided";
  check(ours, js);
  return "same";
}

function check(ours: PlainPayload, raw: RawPayload): void {
  const expected = expectedMetrics(raw);
  const readable = expected.filter((metric) => metric !== undefined);
  assert.equal(ours.faults?.length ?? 0, expected.length - readable.length, `faults: ${String(ours.faults)}`);
  assert.deepEqual(ours.metrics, readable);
  if (raw["seq"] !== undefined) assert.equal(ours.seq, Number(BigInt(raw["seq"] as string) & 0xffn));
}

function attempt<T>(run: () => T): T | Error {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
}
