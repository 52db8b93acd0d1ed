import { FplusError, messageOf, toFplusError } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { isHistorical, type SampleBatch, type SignalRegistry, signals } from "../../sample/index.ts";
import type { InfluxOptions } from "../options.ts";
import { pathMatcher } from "../pattern.ts";
import { takeIn } from "../points.ts";
import { checkQuery } from "../query.ts";
import type { HistorianQuery, HistorianSeries, HistorianStore, RejectedSample, WriteReceipt } from "../types.ts";
import { LineRenderer, renderLines } from "./line.ts";
import { FluxReader, InfluxQlReader, type InfluxReader } from "./reader.ts";
import { InfluxServer } from "./server.ts";

const LINES_PER_REQUEST = 5000;
/** Requests that the search for the refused lines of one write may take. */
const SEARCH_REQUESTS = 200;

/** InfluxDB 1.x and 2.x as a historian. Nothing is buffered here: when a write resolves, the server has it. */
export class InfluxHistorian implements HistorianStore {
  readonly kind = "influx";
  readonly #options: InfluxOptions;
  readonly #registry: SignalRegistry;
  readonly #server: InfluxServer;
  readonly #renderer: LineRenderer;
  #closed = false;
  #fault = "";
  #written = 0;
  #rejected = 0;
  #queries = 0;
  #errors = 0;

  /** @throws FplusError `config.invalid` when the url is none */
  constructor(options: InfluxOptions) {
    if (!URL.canParse(options.url) || !/^https?:/.test(options.url)) {
      throw new FplusError("config.invalid", `not an address of InfluxDB: ${options.url}`, {
        field: "url",
        hint: "Write it like http://127.0.0.1:8086.",
      });
    }
    if (options.bucket === "") {
      throw new FplusError("config.invalid", "the bucket or database is not named", { field: "bucket" });
    }
    this.#options = options;
    this.#registry = options.registry ?? signals;
    this.#server = new InfluxServer(options);
    this.#renderer = new LineRenderer(options.measurement ?? "sensors", this.#registry);
  }

  /** @throws FplusError `historian.unreachable` */
  async open(): Promise<void> {
    if (this.#closed) throw new FplusError("historian.unreachable", "the historian is closed");
    await this.#guard(() => this.#server.connect());
  }

  async write(batch: SampleBatch): Promise<WriteReceipt> {
    const { points, origin, rejected } = takeIn(batch, this.#registry);
    const late = (i: number): boolean => isHistorical(batch, origin[i]!);
    const { lines, index, faults } = renderLines(this.#renderer, points, late);
    const reject = (i: number, reason: string): void => {
      rejected.push({ index: origin[i]!, path: this.#registry.get(points.signal[i]!).path, reason });
    };
    for (const { index: i, reason } of faults) reject(i, reason);
    if (lines.length > 0) {
      await this.open();
      const budget = { requests: SEARCH_REQUESTS };
      for (let from = 0; from < lines.length; from += LINES_PER_REQUEST) {
        const to = Math.min(lines.length, from + LINES_PER_REQUEST);
        await this.#guard(() => this.#send(lines, from, to, budget, (i, reason) => reject(index[i]!, reason)));
      }
    }
    this.#rejected += rejected.length;
    const written = batch.length - rejected.length;
    this.#written += written;
    return { written, rejected: rejected.sort((a: RejectedSample, b) => a.index - b.index) };
  }

  /** Sends lines from … to; of refused ones halves are tried, until single lines are found. Sending twice changes nothing. */
  async #send(
    lines: string[],
    from: number,
    to: number,
    budget: { requests: number },
    reject: (i: number, reason: string) => void,
  ): Promise<void> {
    budget.requests -= 1;
    const refusal = await this.#server.write(lines.slice(from, to));
    if (refusal === undefined) return;
    const all = Number(/dropped=(\d+)/.exec(refusal.message)?.[1] ?? -1) === to - from;
    if (to - from === 1 || (all && !refusal.tooLarge) || budget.requests <= 0) {
      for (let i = from; i < to; i++) reject(i, reasonOf(refusal.message));
      return;
    }
    const middle = (from + to) >>> 1;
    await this.#send(lines, from, middle, budget, reject);
    await this.#send(lines, middle, to, budget, reject);
  }

  async query(query: HistorianQuery): Promise<HistorianSeries[]> {
    const checked = checkQuery(query);
    await this.open();
    this.#queries += 1;
    return await this.#ask((reader) => reader.query(checked));
  }

  async signals(pattern?: string): Promise<string[]> {
    await this.open();
    const paths = await this.#ask((reader) => reader.paths());
    return [...new Set(paths)].filter(pathMatcher([pattern ?? "**"])).sort();
  }

  health(): PartHealth {
    const { url, bucket, name = "historian" } = this.#options;
    const release = this.#server.release === "" ? "" : ` (${this.#server.release})`;
    return {
      kind: "historian",
      name,
      status: this.#fault === "" ? "up" : "down",
      mode: "external",
      detail: this.#fault || `${url} ${bucket}${release}`,
      counters: { written: this.#written, rejected: this.#rejected, queries: this.#queries, errors: this.#errors },
      gauges: {},
    };
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  async #ask<T>(run: (reader: InfluxReader) => Promise<T>): Promise<T> {
    const { bucket, measurement = "sensors" } = this.#options;
    const server = this.#server;
    const reader =
      server.version === "1" ? new InfluxQlReader(server, measurement) : new FluxReader(server, bucket, measurement);
    return await this.#guard(() =>
      run(reader).catch((error: unknown) => {
        throw server.queryFault(error);
      }),
    );
  }

  /** Remembers for the health page whether the server answers. */
  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      const result = await run();
      this.#fault = "";
      return result;
    } catch (error) {
      const fault = toFplusError("historian.unreachable", error);
      if (fault.code === "historian.unreachable") {
        this.#errors += 1;
        this.#fault = fault.message;
        this.#server.forget();
      }
      throw fault;
    }
  }
}

/** The server's sentence without the data it repeats. */
function reasonOf(message: string): string {
  const text = messageOf(message).replace(/^\{"error":"(.*)"\}\s*$/s, "$1");
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
