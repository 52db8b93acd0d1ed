import type { ErrorCode } from "../../errors/index.ts";
import type { Points } from "../points.ts";
import type { CheckedQuery } from "../query.ts";
import type { RollUp } from "../rollup.ts";
import type { HistorianSeries } from "../types.ts";

/** What the engine's thread is asked. Signal ids in points are those of the asking process, named once by `names`. */
export type EngineRequest =
  | { readonly op: "open"; readonly directory: string; readonly retention: Retention }
  | { readonly op: "write"; readonly points: Points; readonly names: readonly SignalName[] }
  | { readonly op: "query"; readonly query: CheckedQuery }
  | { readonly op: "signals"; readonly pattern: string | undefined }
  | {
      readonly op: "samples";
      readonly path: string;
      readonly from: number;
      readonly to: number;
      readonly limit: number;
    }
  | { readonly op: "remove"; readonly from: number; readonly to: number }
  | { readonly op: "influxql"; readonly text: string; readonly nowMs: number }
  | { readonly op: "retain"; readonly retention: Retention }
  | { readonly op: "close" };

/** How long samples are kept (days; 0 = for ever), and what outlives them. */
export interface Retention {
  readonly days: number;
  readonly rollUps: readonly RollUp[];
}

/** Signal id, path, unit, and the rest as JSON (see series.ts). */
export type SignalName = readonly [number, string, string, string];

/** What the engine's thread tells of itself, for the health page. */
export interface EngineFigures {
  readonly held: number;
  readonly series: number;
  readonly headSamples: number;
  readonly journalSamples: number;
  readonly late: number;
  /** Blocks that cannot be read, and the last one of them that was met since the start, as a sentence. */
  readonly damaged: number;
  readonly damage: string;
}

/** What an answer of the thread carries. */
export type EngineReply =
  | { readonly id: number; readonly ok: true; readonly result: unknown; readonly figures: EngineFigures | undefined }
  | {
      readonly id: number;
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly field: string | undefined;
      readonly hint: string | undefined;
    };

/** A request with the number that its answer repeats. */
export interface NumberedRequest {
  readonly id: number;
  readonly request: EngineRequest;
}

/** Buffers of points that go to the other thread without a copy. */
export function buffersOf(points: Points): ArrayBuffer[] {
  const lanes = [points.signal, points.ms, points.ns, points.status, points.type, points.bits];
  return lanes.map((lane) => lane.buffer as ArrayBuffer);
}

/** Buffers of answers, likewise. */
export function buffersOfSeries(all: readonly HistorianSeries[]): ArrayBuffer[] {
  return all.flatMap((one) => {
    const lanes = one.status === undefined ? [one.time, one.value] : [one.time, one.value, one.status];
    return lanes.map((lane) => lane.buffer as ArrayBuffer);
  });
}
