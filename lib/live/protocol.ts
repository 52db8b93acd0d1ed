/**
 * What a dashboard widget and its node say to each other over the dashboard's socket.
 * Runs on both sides: no imports but types.
 */
import type { PartHealth } from "../health/index.ts";

/** The browser's questions, all under this one event: `(widget id, question)`. */
export const ASK_EVENT = "fplus-ask";

/** The event under which a node answers the clients of one widget. */
export function tellEvent(widget: string): string {
  return `fplus-tell:${widget}`;
}

export type Question =
  /** What signals and devices are there? */
  | { readonly kind: "directory" }
  /** Tell me the values of these signals now and whenever they change. */
  | { readonly kind: "watch"; readonly ids: readonly number[] }
  /** What was in that range (milliseconds since the epoch)? */
  | {
      readonly kind: "history";
      readonly request: number;
      readonly ids: readonly number[];
      readonly from: number;
      readonly to: number;
      /** Points a signal, about. */
      readonly points: number;
    }
  /** Tell me how the parts of the plant are, once a second. */
  | { readonly kind: "health" };

export type DeviceState = "online" | "stale" | "offline" | "unknown";

/** One device of the directory. */
export interface DirectoryDevice {
  /** `source/device`. */
  readonly key: string;
  readonly name: string;
  /** ISA-95 levels, outermost first. */
  readonly hierarchy: readonly string[];
}

/** One signal of the directory. */
export interface DirectorySignal {
  readonly id: number;
  readonly path: string;
  /** Key of its device. */
  readonly device: string;
  readonly metric: string;
  readonly unit: string;
  /** Whether it can be drawn as a line. */
  readonly numeric: boolean;
}

export type Answer =
  | {
      readonly kind: "directory";
      readonly devices: readonly DirectoryDevice[];
      readonly signals: readonly DirectorySignal[];
    }
  /** Lanes of equal length; times in milliseconds, `status` as OPC UA StatusCode. */
  | {
      readonly kind: "values";
      readonly ids: readonly number[];
      readonly times: readonly number[];
      readonly values: readonly (number | string | boolean | null)[];
      readonly status: readonly number[];
    }
  | { readonly kind: "devices"; readonly states: Readonly<Record<string, DeviceState>> }
  /** The directory has grown: ask again. */
  | { readonly kind: "changed" }
  | {
      readonly kind: "history";
      readonly request: number;
      readonly series: readonly HistoryLine[];
      readonly error?: string;
    }
  | { readonly kind: "health"; readonly at: number; readonly parts: readonly PartHealth[] };

/** A signal's past: two arrays of doubles as raw bytes, which the socket carries as they are. */
export interface HistoryLine {
  readonly id: number;
  readonly time: ArrayBuffer | Uint8Array;
  /** NaN where the value is no number. */
  readonly value: ArrayBuffer | Uint8Array;
}

/** Reads the doubles of a history line, wherever in its buffer the socket put them. */
export function doublesOf(bytes: ArrayBuffer | Uint8Array): Float64Array {
  if (bytes instanceof ArrayBuffer) return new Float64Array(bytes);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
}
