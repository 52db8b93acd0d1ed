import { Worker } from "node:worker_threads";
import { FplusError, toFplusError } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { type SampleBatch, type SignalRegistry, signals, ValueType } from "../../sample/index.ts";
import { threadModule } from "../../thread/index.ts";
import type { EmbeddedOptions } from "../options.ts";
import { NULL_BIT, type Points, takeIn } from "../points.ts";
import type { RollUp } from "../rollup.ts";
import { pointsPart } from "../part.ts";
import { checkQuery } from "../query.ts";
import { filled } from "../fill.ts";
import type { InfluxQlAnswer } from "../influxql/answer.ts";
import type {
  HistorianQuery,
  HistorianSeries,
  HistorianStore,
  SamplesPart,
  StoredSignal,
  WriteReceipt,
} from "../types.ts";
import { aboutText } from "./series.ts";
import {
  buffersOf,
  type EngineFigures,
  type EngineReply,
  type EngineRequest,
  type NumberedRequest,
  type Retention,
  type SignalName,
} from "./protocol.ts";

/** Samples handed to the thread and not yet committed, at most. */
const MAX_IN_FLIGHT = 2_000_000;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: FplusError) => void;
}

/**
 * The embedded time-series store: SQLite with compressed chunks, in a thread of its own.
 * Durable when a write resolves, also over `kill -9` and a power cut. One process a folder.
 */
export class EmbeddedHistorian implements HistorianStore {
  readonly kind = "embedded";
  readonly #options: EmbeddedOptions;
  readonly #registry: SignalRegistry;
  readonly #pending = new Map<number, Pending>();
  #retention: Retention;
  #worker: Worker | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;
  #nextId = 1;
  /** What of each signal id was told to the thread. */
  #named: (Pick<StoredSignal, "unit" | "type" | "schema" | "hierarchy"> | undefined)[] = [];
  #inFlight = 0;
  #written = 0;
  #rejected = 0;
  #queries = 0;
  #errors = 0;
  #fault = "";
  #figures: EngineFigures = { held: 0, series: 0, headSamples: 0, journalSamples: 0, late: 0, damaged: 0, damage: "" };

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.#registry = options.registry ?? signals;
    this.#retention = { days: options.retentionDays ?? 0, rollUps: options.rollUps ?? [] };
  }

  /** @throws FplusError `historian.io` */
  open(): Promise<void> {
    if (this.#closed) return Promise.reject(new FplusError("historian.io", "the historian is closed"));
    this.#opening ??= this.#start().catch((error: unknown) => {
      this.#opening = undefined;
      throw this.#failed(error);
    });
    return this.#opening;
  }

  async write(batch: SampleBatch): Promise<WriteReceipt> {
    const { points, rejected } = takeIn(batch, this.#registry);
    this.#rejected += rejected.length;
    if (points.length === 0) return { written: 0, rejected };
    const { length } = points;
    if (this.#inFlight + length > MAX_IN_FLIGHT) {
      throw new FplusError("historian.queue-full", `${this.#inFlight} samples are still being written`);
    }
    this.#inFlight += length;
    try {
      await this.open();
      await this.#ask({ op: "write", points, names: this.#namesOf(points) }, buffersOf(points));
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#inFlight -= length;
    }
    this.#fault = "";
    this.#written += length;
    return { written: length, rejected };
  }

  async query(query: HistorianQuery): Promise<HistorianSeries[]> {
    const checked = checkQuery(query);
    await this.open();
    this.#queries += 1;
    return filled((await this.#ask({ op: "query", query: checked })) as HistorianSeries[], checked);
  }

  async signals(pattern?: string): Promise<string[]> {
    return (await this.describe(pattern)).map(({ path }) => path);
  }

  async describe(pattern?: string): Promise<StoredSignal[]> {
    await this.open();
    return (await this.#ask({ op: "signals", pattern })) as StoredSignal[];
  }

  async remove(range: { readonly from: number; readonly to: number }): Promise<void> {
    await this.open();
    await this.#ask({ op: "remove", ...range });
  }

  async samples(
    signal: StoredSignal,
    range: { readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<SamplesPart> {
    await this.open();
    const points = (await this.#ask({ op: "samples", path: signal.path, ...range })) as Points;
    return pointsPart(points, signal, this.#registry, range);
  }

  /** Signals lie in the measurement `sensors` as they do in an InfluxDB; what were points keep their own. */
  async influxQl(text: string): Promise<InfluxQlAnswer> {
    await this.open();
    this.#queries += 1;
    return (await this.#ask({ op: "influxql", text, nowMs: Date.now() })) as InfluxQlAnswer;
  }

  flux(): Promise<Record<string, unknown>[]> {
    const hint = "Ask in InfluxQL, or use an InfluxDB.";
    return Promise.reject(
      new FplusError("historian.query", "the embedded historian speaks no Flux", { field: "language", hint }),
    );
  }

  /** Changes how many days samples are kept (0 = for ever), and what outlives them. */
  async retain(days: number, rollUps: readonly RollUp[] = []): Promise<void> {
    const retention = { days, rollUps };
    if (JSON.stringify(retention) === JSON.stringify(this.#retention)) return;
    this.#retention = retention;
    if (this.#opening === undefined) return;
    await this.open();
    await this.#ask({ op: "retain", retention });
  }

  health(): PartHealth {
    const { held, series, headSamples, journalSamples, late, damaged, damage } = this.#figures;
    return {
      kind: "historian",
      name: this.#options.name ?? "historian",
      status: this.#fault !== "" ? "down" : damage !== "" ? "degraded" : "up",
      mode: "embedded",
      detail: this.#fault || damage || this.#options.directory,
      counters: { written: this.#written, rejected: this.#rejected, queries: this.#queries, errors: this.#errors },
      gauges: { held, series, inFlight: this.#inFlight, headSamples, journalSamples, late, damaged },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    if (opening === undefined) return;
    await opening.catch(() => undefined);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    try {
      await this.#ask({ op: "close" }, [], worker);
    } finally {
      await worker.terminate();
    }
  }

  async #start(): Promise<void> {
    const worker = new Worker(threadModule("historian/embedded/worker"), {
      name: "fplus-historian",
      // Its garbage is short-lived typed arrays; a large young generation only makes the process larger.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker = worker;
    this.#named = [];
    worker.on("message", (reply: EngineReply) => this.#receive(reply));
    worker.on("error", (error) => this.#ended(worker, error));
    worker.on("exit", () => this.#ended(worker, new Error("the historian's thread ended")));
    try {
      const { directory } = this.#options;
      await this.#ask({ op: "open", directory, retention: this.#retention }, [], worker);
      this.#fault = "";
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      throw error;
    }
  }

  #namesOf(points: Points): SignalName[] {
    const names: SignalName[] = [];
    for (let i = 0; i < points.length; i++) {
      const id = points.signal[i]!;
      const signal = this.#registry.get(id);
      const { unit, schema, hierarchy } = signal;
      const type = signal.type || ((points.type[i]! & ~NULL_BIT) as ValueType);
      const named = this.#named[id];
      if (
        named !== undefined &&
        named.unit === unit &&
        (signal.type === ValueType.Unknown || named.type === type) &&
        named.schema === schema &&
        named.hierarchy === hierarchy
      )
        continue;
      this.#named[id] = { unit, type, schema, hierarchy };
      names.push([id, signal.path, unit, aboutText({ ...signal, type })]);
    }
    return names;
  }

  #ask(request: EngineRequest, transfer: ArrayBuffer[] = [], worker = this.#worker): Promise<unknown> {
    if (worker === undefined) return Promise.reject(new FplusError("historian.io", "the historian is closed"));
    return new Promise((resolve, reject) => {
      const message: NumberedRequest = { id: this.#nextId++, request };
      this.#pending.set(message.id, { resolve, reject });
      worker.postMessage(message, transfer);
    });
  }

  #receive(reply: EngineReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) {
      if (reply.figures !== undefined) this.#figures = reply.figures;
      pending?.resolve(reply.result);
    } else {
      const { code, message, field, hint } = reply;
      const details = { ...(field === undefined ? {} : { field }), ...(hint === undefined ? {} : { hint }) };
      pending?.reject(new FplusError(code, message, details));
    }
  }

  /** The thread is gone: what it had not acknowledged failed, the next call starts another. */
  #ended(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#opening = undefined;
    const failure = this.#failed(error);
    for (const pending of this.#pending.values()) pending.reject(failure);
    this.#pending.clear();
  }

  #failed(error: unknown): FplusError {
    const failure = toFplusError("historian.io", error);
    this.#errors += 1;
    this.#fault = failure.message;
    return failure;
  }
}
