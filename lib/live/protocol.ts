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

/** What a browser asks. */
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

/** How a device is doing, as births and deaths and its gateway tell. */
export type DeviceState = "online" | "stale" | "error" | "offline" | "unknown";

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

/** What a browser is told. */
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
  /** By key of the device; a reason for those that are not online, where one is known. */
  | {
      readonly kind: "devices";
      readonly states: Readonly<Record<string, DeviceState>>;
      readonly reasons: Readonly<Record<string, string>>;
    }
  /** The directory has grown: ask again. */
  | { readonly kind: "changed" }
  | {
      readonly kind: "history";
      readonly request: number;
      readonly lines: readonly HistoryLine[];
      /** All lines after one another, each its times and then its values, as raw doubles: one binary part, for a socket carries few. */
      readonly lanes: ArrayBuffer | Uint8Array;
      readonly error?: string;
    }
  | { readonly kind: "health"; readonly at: number; readonly parts: readonly PartHealth[] };

/** A signal's past: so many points of the lanes. */
export interface HistoryLine {
  readonly id: number;
  readonly length: number;
}

/** Times (milliseconds since the epoch) and values (NaN where the value is no number) of one signal. */
export interface Points {
  readonly time: Float64Array;
  readonly value: Float64Array;
}

/** Puts the points of several signals behind one another. */
export function packHistory(series: readonly (Points & { readonly id: number })[]): {
  lines: HistoryLine[];
  lanes: Uint8Array;
} {
  const lines = series.map(({ id, time }) => ({ id, length: time.length }));
  const doubles = new Float64Array(lines.reduce((sum, { length }) => sum + 2 * length, 0));
  let at = 0;
  for (const { time, value } of series) {
    doubles.set(time, at);
    doubles.set(value, at + time.length);
    at += 2 * time.length;
  }
  return { lines, lanes: new Uint8Array(doubles.buffer) };
}

/** The reverse of `packHistory`, wherever in its buffer the socket put the lanes. */
export function unpackHistory(lines: readonly HistoryLine[], lanes: ArrayBuffer | Uint8Array): Map<number, Points> {
  const doubles = new Float64Array(new Uint8Array(lanes).slice().buffer);
  let at = 0;
  return new Map(
    lines.map(({ id, length }) => {
      const points = { time: doubles.subarray(at, at + length), value: doubles.subarray(at + length, at + 2 * length) };
      at += 2 * length;
      return [id, points];
    }),
  );
}
