import { FplusError, shortAnswer, toFplusError } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { isHistorical, type SampleBatch, type SignalRegistry, signals, ValueType } from "../../sample/index.ts";
import type { InfluxOptions } from "../options.ts";
import { partOf } from "../part.ts";
import { pathMatcher } from "../pattern.ts";
import { takeIn } from "../points.ts";
import { checkQuery, type CheckedQuery } from "../query.ts";
import { filled } from "../fill.ts";
import type { InfluxQlAnswer } from "../influxql/answer.ts";
import type {
  HistorianQuery,
  HistorianSeries,
  HistorianStore,
  RejectedSample,
  SamplesPart,
  StoredSignal,
  WriteReceipt,
} from "../types.ts";
import { readCatalogue } from "./catalogue-reader.ts";
import { Catalogue } from "./catalogue.ts";
import { type InfluxLayout, LEVELS } from "./layout.ts";
import { LineRenderer, type RenderedLines } from "./line.ts";
import { FluxReader, InfluxQlReader, type InfluxReader } from "./reader.ts";
import { InfluxQlRollUps } from "./rollups-influxql.ts";
import { FluxRollUps } from "./rollups-flux.ts";
import { InfluxRollUps, isRolledOf } from "./rollups.ts";
import { AnswerBuilder } from "./rows.ts";
import { InfluxServer, sentenceOf } from "./server.ts";

/** Some two megabytes; a server that takes less at once says so, and is given halves. */
const LINES_PER_REQUEST = 20_000;
/** Requests that the search for the refused lines of one write may take: at least so many, and one for so many lines. */
const SEARCH_REQUESTS = 200;
const LINES_PER_SEARCH = 25;

/** InfluxDB 1.x and 2.x as a historian. Nothing is buffered here: when a write resolves, the server has it. */
export class InfluxHistorian implements HistorianStore {
  readonly kind = "influx";
  readonly #options: InfluxOptions;
  readonly #registry: SignalRegistry;
  readonly #server: InfluxServer;
  readonly #renderer: LineRenderer;
  readonly #catalogue: Catalogue;
  readonly #rollUps: InfluxRollUps;
  readonly #measurement: string;
  readonly #layout: InfluxLayout;
  #closed = false;
  #fault = "";
  #written = 0;
  #rejected = 0;
  #queries = 0;
  #errors = 0;

  /** @throws FplusError `config.invalid` when the url is none */
  constructor(options: InfluxOptions) {
    if (!URL.canParse(options.url) || !/^https?:/.test(options.url)) {
      throw new FplusError("config.invalid", "not an address of InfluxDB", {
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
    this.#measurement = options.measurement ?? "sensors";
    this.#layout = options.layout ?? "signals";
    const makers = {
      1: new InfluxQlRollUps(this.#server, this.#measurement),
      2: new FluxRollUps(this.#server, options.bucket, this.#measurement),
    };
    this.#rollUps = new InfluxRollUps(
      () => makers[this.#server.version],
      () => ({
        days: this.#isRetentionSet() ? (options.retentionDays ?? 0) : 0,
        rollUps: options.rollUps ?? [],
      }),
    );
    this.#renderer = new LineRenderer(this.#measurement, this.#registry, this.#layout);
    this.#catalogue = new Catalogue(this.#server, this.#layout, this.#measurement, this.#registry);
  }

  /** Whether the server deletes by *Keep days*. */
  #isRetentionSet(): boolean {
    if (this.#server.version === "2") return this.#server.isBucketKept;
    const { bucketRetention, rollUps = [] } = this.#options;
    return bucketRetention ?? rollUps.length > 0;
  }

  /** @throws FplusError `historian.unreachable` */
  async open(): Promise<void> {
    if (this.#closed) throw new FplusError("historian.unreachable", "the historian is closed");
    await this.#guard(() => this.#server.connect());
    if (this.#layout === "signals") this.#rollUps.start();
  }

  async write(batch: SampleBatch): Promise<WriteReceipt> {
    const { points, origin, rejected } = takeIn(batch, this.#registry);
    const late = (i: number): boolean => isHistorical(batch, origin[i]!);
    const { bytes, ends, lineOf, faults } = this.#renderer.render(points, late);
    const reject = (i: number, reason: string): void => {
      rejected.push({ index: origin[i]!, path: this.#registry.get(points.signal[i]!).path, reason });
    };
    for (const { index, reason } of faults) reject(index, reason);
    if (ends.length > 0) {
      await this.open();
      const budget = { requests: Math.max(SEARCH_REQUESTS, ends.length / LINES_PER_SEARCH) };
      const refused = new Map<number, string>();
      for (let from = 0; from < ends.length; from += LINES_PER_REQUEST) {
        const to = Math.min(ends.length, from + LINES_PER_REQUEST);
        await this.#guard(() => this.#send({ bytes, ends }, from, to, budget, refused));
      }
      if (refused.size > 0) {
        for (let i = 0; i < points.length; i++) {
          const reason = refused.get(lineOf[i]!);
          if (reason !== undefined) reject(i, reason);
        }
      }
    }
    if (points.length > 0)
      this.#rollUps.noteWritten(points.ms.subarray(0, points.length).reduce((a, b) => Math.min(a, b)));
    this.#rejected += rejected.length;
    const written = batch.length - rejected.length;
    this.#written += written;
    return { written, rejected: rejected.sort((a: RejectedSample, b) => a.index - b.index) };
  }

  /** Sends lines from … to; of refused ones halves are tried, until single lines are found. Sending twice changes nothing. */
  async #send(
    lines: Pick<RenderedLines, "bytes" | "ends">,
    from: number,
    to: number,
    budget: { requests: number },
    refused: Map<number, string>,
  ): Promise<void> {
    budget.requests -= 1;
    const start = from === 0 ? 0 : lines.ends[from - 1]!;
    const refusal = await this.#server.write(lines.bytes.subarray(start, lines.ends[to - 1]));
    if (refusal === undefined) return;
    const all = Number(/dropped=(\d+)/.exec(refusal.message)?.[1] ?? -1) === to - from;
    if (to - from === 1 || (all && !refusal.tooLarge) || budget.requests <= 0) {
      for (let line = from; line < to; line++) refused.set(line, reasonOf(refusal.message));
      return;
    }
    const middle = (from + to) >>> 1;
    await this.#send(lines, from, middle, budget, refused);
    await this.#send(lines, middle, to, budget, refused);
  }

  async query(query: HistorianQuery): Promise<HistorianSeries[]> {
    const checked = checkQuery(query);
    await this.open();
    this.#queries += 1;
    const answer = new AnswerBuilder();
    await this.#ask(async (reader) => {
      if (this.#layout === "signals") await this.#readSignals(reader, checked, answer);
      await readCatalogue(this.#server, await this.#catalogue.entries(this.#renderer.generation), checked, answer);
    });
    return filled(answer.finish(checked), checked);
  }

  /** From a roll-up what it answers, and its ends from samples. */
  async #readSignals(reader: InfluxReader, query: CheckedQuery, answer: AnswerBuilder): Promise<void> {
    const part = await this.#rollUps.read(query, answer);
    const { from, to } = query;
    if (part === undefined) return reader.query(query, answer);
    if (from < part.from) await reader.query({ ...query, to: part.from }, answer);
    if (part.to < to) await reader.query({ ...query, from: part.to }, answer);
  }

  async signals(pattern?: string): Promise<string[]> {
    return (await this.describe(pattern)).map(({ path }) => path);
  }

  async describe(pattern?: string): Promise<StoredSignal[]> {
    await this.open();
    const found = new Map<string, StoredSignal>();
    await this.#ask(async (reader) => {
      if (this.#layout === "signals") for (const tags of await reader.series()) add(found, storedSignal(tags));
      const others = await this.#catalogue.entries(this.#renderer.generation);
      for (const { signal } of others) add(found, signal);
    });
    const matches = pathMatcher([pattern ?? "**"]);
    return [...found.values()].filter(({ path }) => matches(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async remove({ from, to }: { readonly from: number; readonly to: number }): Promise<void> {
    await this.open();
    // Roll-ups outlive the samples; on 2.x they lie in buckets of their own.
    await this.#guard(() => this.#server.remove(from, to, (name) => isRolledOf(this.#measurement, name)));
  }

  async samples(
    signal: StoredSignal,
    range: { readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<SamplesPart> {
    const [series] = await this.query({ signals: [signal.path], ...range });
    return partOf(series, signal, this.#registry, range);
  }

  async influxQl(text: string): Promise<InfluxQlAnswer> {
    await this.open();
    const { results } = await this.#ask(() => this.#server.rawInfluxQl(text, "POST", ""));
    return { results: results as InfluxQlAnswer["results"] };
  }

  async flux(script: string): Promise<Record<string, unknown>[]> {
    await this.open();
    return await this.#ask(() =>
      this.#server.flux(script, (values, table) => table.toObject(values) as Record<string, unknown>),
    );
  }

  health(): PartHealth {
    const { bucket, name = "historian" } = this.#options;
    const release = this.#server.release === "" ? "" : ` (${this.#server.release})`;
    return {
      kind: "historian",
      name,
      status: this.#fault === "" ? "up" : "down",
      mode: "external",
      detail: this.#fault || this.#notice() || `${this.#server.address} ${bucket}${release}`,
      counters: { written: this.#written, rejected: this.#rejected, queries: this.#queries, errors: this.#errors },
      gauges: {},
    };
  }

  /** What a user should know though samples are stored: roll-ups that fail, or that this server or layout has no place for. */
  #notice(): string {
    const { retentionDays = 0, rollUps = [] } = this.#options;
    if (this.#rollUps.fault !== "") return `roll-ups: ${this.#rollUps.fault}`;
    if (this.#server.release === "" || (retentionDays <= 0 && rollUps.length === 0)) return "";
    const is2 = this.#server.version === "2";
    if (is2 && retentionDays > 0 && this.#server.bucketFault !== "") return `keep days: ${this.#server.bucketFault}`;
    if (this.#layout === "signals" || (is2 && rollUps.length === 0)) return "";
    return "Keep days and roll-ups need the layout of one measurement.";
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#rollUps.stop();
    this.#server.close();
  }

  async #ask<T>(run: (reader: InfluxReader) => Promise<T>): Promise<T> {
    const { bucket } = this.#options;
    const measurement = this.#measurement;
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
  return shortAnswer(sentenceOf(message));
}

/** The signal of a series in the layout of signals. */
function storedSignal(tags: Readonly<Record<string, string>>): StoredSignal {
  const { path = "", source = "", device = "", metric = "", unit = "", schema = "" } = tags;
  const hierarchy = LEVELS.map((level) => tags[level] ?? "");
  while (hierarchy.at(-1) === "") hierarchy.pop();
  return { path, source, device, metric, type: ValueType.Unknown, unit, schema, hierarchy };
}

/** A path whose unit or schema changed is several series on the server and one here. */
function add(found: Map<string, StoredSignal>, signal: StoredSignal): void {
  const known = found.get(signal.path);
  if (known === undefined || known.unit === "") found.set(signal.path, signal);
}
