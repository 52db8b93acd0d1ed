import type { IndexSettings, SearchRequest } from "../types.ts";

/** What the engine's thread is asked. */
export type EngineRequest =
  | { readonly op: "open"; readonly directory: string }
  | { readonly op: "indexes" }
  | { readonly op: "configure"; readonly index: string; readonly settings: Required<IndexSettings> }
  | { readonly op: "upsert"; readonly index: string; readonly texts: readonly string[] }
  | { readonly op: "delete"; readonly index: string; readonly ids: readonly string[] }
  | { readonly op: "drop"; readonly index: string }
  | { readonly op: "get"; readonly index: string; readonly id: string }
  | { readonly op: "count"; readonly index: string }
  | { readonly op: "settings"; readonly index: string }
  | { readonly op: "page"; readonly index: string; readonly offset: number; readonly limit: number }
  | { readonly op: "search"; readonly index: string; readonly request: SearchRequest }
  | { readonly op: "close" };

/** A request with the number that its answer repeats. */
export interface NumberedRequest {
  readonly id: number;
  readonly request: EngineRequest;
}

/** What an answer of the thread carries. */
export type EngineReply =
  | { readonly id: number; readonly ok: true; readonly result: unknown; readonly damage: string }
  | {
      readonly id: number;
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly field: string | undefined;
      readonly hint: string | undefined;
    };
