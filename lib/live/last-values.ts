import {
  isHistorical,
  isInt64,
  isNumeric,
  type SampleBatch,
  type SampleValue,
  type Signal,
  signals,
  ValueType,
} from "../sample/index.ts";
import type { DirectoryDevice, DirectorySignal } from "./protocol.ts";

const LONGEST_TEXT = 500;

/** The newest value of every signal that came by, and which of them changed lately. */
export class LastValueTable {
  #times = new Float64Array(1024);
  #status = new Uint32Array(1024);
  readonly #values: (number | string | boolean | null)[] = [];
  readonly #known: Signal[] = [];
  #isKnown = new Uint8Array(1024);
  #isChanged = new Uint8Array(1024);
  #changed: number[] = [];

  /** Rises when a signal came by that was not known. */
  get size(): number {
    return this.#known.length;
  }

  /** Takes a batch; late values from a store do not displace newer ones. */
  update(batch: SampleBatch): void {
    for (let i = 0; i < batch.length; i++) {
      const id = batch.signal[i]!;
      if (id >= this.#times.length) this.#grow(id);
      if (this.#isKnown[id] === 0) {
        this.#isKnown[id] = 1;
        this.#known.push(signals.get(id));
      } else if (batch.timeMs[i]! < this.#times[id]! || (isHistorical(batch, i) && batch.timeMs[i] === this.#times[id]))
        continue;
      this.#times[id] = batch.timeMs[i]!;
      this.#status[id] = batch.status[i]!;
      const type = batch.type[i]!;
      this.#values[id] =
        isNumeric(type) && !batch.isNull(i) && type !== ValueType.Boolean ? batch.f64[i]! : showable(batch.value(i));
      if (this.#isChanged[id] === 0) {
        this.#isChanged[id] = 1;
        this.#changed.push(id);
      }
    }
  }

  /** The signals that changed since this was last called, each once. */
  takeChanged(): number[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const id of changed) this.#isChanged[id] = 0;
    return changed;
  }

  has(id: number): boolean {
    return this.#isKnown[id] === 1;
  }

  /** The values of some signals, as lanes for a frame. */
  lanes(ids: readonly number[]): {
    ids: number[];
    times: number[];
    values: (number | string | boolean | null)[];
    status: number[];
  } {
    const known = ids.filter((id) => this.has(id));
    return {
      ids: known,
      times: known.map((id) => this.#times[id]!),
      values: known.map((id) => this.#values[id] ?? null),
      status: known.map((id) => this.#status[id]!),
    };
  }

  /** Keys of the devices whose signals came by. */
  deviceKeys(): string[] {
    return [...new Set(this.#known.map(({ source, device }) => deviceKey(source, device)))];
  }

  directory(): { devices: DirectoryDevice[]; signals: DirectorySignal[] } {
    const devices = new Map<string, DirectoryDevice>();
    const listed = this.#known.map((signal): DirectorySignal => {
      const device = deviceKey(signal.source, signal.device);
      if (!devices.has(device))
        devices.set(device, { key: device, name: signal.device || signal.source, hierarchy: signal.hierarchy });
      return {
        id: signal.id,
        path: signal.path,
        device,
        metric: signal.metric,
        unit: signal.unit,
        numeric: isNumeric(signal.type) || isInt64(signal.type),
      };
    });
    return { devices: [...devices.values()], signals: listed };
  }

  #grow(id: number): void {
    const size = Math.max(id + 1, this.#times.length * 2);
    const times = new Float64Array(size);
    times.set(this.#times);
    const status = new Uint32Array(size);
    status.set(this.#status);
    const isKnown = new Uint8Array(size);
    isKnown.set(this.#isKnown);
    const isChanged = new Uint8Array(size);
    isChanged.set(this.#isChanged);
    this.#times = times;
    this.#status = status;
    this.#isKnown = isKnown;
    this.#isChanged = isChanged;
  }
}

/** How devices are named between server and browser. */
export function deviceKey(source: string, device: string): string {
  return device === "" ? source : `${source}/${device}`;
}

/** A value as a browser can show it: numbers that JSON has, and short texts. */
function showable(value: SampleValue): number | string | boolean | null {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string") return value.slice(0, LONGEST_TEXT);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? part.toString() : part)).slice(
    0,
    LONGEST_TEXT,
  );
}
