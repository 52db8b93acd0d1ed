/**
 * The thread of the embedded engine: SQLite's calls block, so they block here. Writes that arrive within a few
 * milliseconds share one commit; everything else is answered in the order it came.
 */
import { parentPort } from "node:worker_threads";
import { AgeClock } from "../../clock/index.ts";
import { FplusError, messageOf, toFplusError } from "../../errors/index.ts";
import { fileIdentity } from "../../folder/index.ts";
import { answerInfluxQl } from "../influxql/index.ts";
import { pathMatcher } from "../pattern.ts";
import { makePoints, type Points } from "../points.ts";
import { signalMatcher } from "../selection.ts";
import type { HistorianSeries } from "../types.ts";
import { Engine } from "./engine.ts";
import { historyFile, openFile } from "./files.ts";
import {
  buffersOf,
  buffersOfSeries,
  type EngineReply,
  type EngineRequest,
  type NumberedRequest,
  type Retention,
  type SignalName,
} from "./protocol.ts";
import { readColumn, readSeries } from "./reader.ts";
import { pointSource } from "./point-source.ts";
import { type Series, signalOf } from "./series.ts";

const GROUP_MS = 10;
const GROUP_SAMPLES = 20_000;
const TEND_INTERVAL_MS = 15_000;
const DAY_MS = 86_400_000;

interface Waiting {
  readonly id: number;
  readonly points: Points;
  readonly series: Series[];
}

if (parentPort === null) throw new Error("the historian's thread was started as a program");
const port = parentPort;
const names: Series[] = [];
let engine: Engine | undefined;
let file = "";
let identity: string | undefined;
let clock: AgeClock;
let waiting: Waiting[] = [];
let waitingSamples = 0;
let timer: NodeJS.Timeout | undefined;
let retention: Retention = { days: 0, rollUps: [] };
let retentionTimer: NodeJS.Timeout | undefined;

function opened(): Engine {
  if (engine === undefined) throw new FplusError("historian.io", "the historian is not open");
  return engine;
}

function answer(id: number, result: unknown, transfer: ArrayBuffer[] = []): void {
  const reply: EngineReply = { id, ok: true, result, figures: engine?.figures };
  port.postMessage(reply, transfer);
}

function refuse(id: number, error: unknown): void {
  const { code, message, field, hint } = toFplusError("historian.io", error);
  const reply: EngineReply = { id, ok: false, code, message, field, hint };
  port.postMessage(reply);
}

/** Commits everything that waits, then answers, then does what can be done later. */
function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  if (waiting.length === 0) return;
  const group = waiting;
  waiting = [];
  waitingSamples = 0;
  try {
    checkFile();
    opened().commit(group);
  } catch (error) {
    commitEach(group, error);
    return;
  }
  for (const { id } of group) answer(id, null);
  maintain();
}

/** One write that SQLite will never take must not keep out those that came with it, nor be tried for ever. */
function commitEach(group: readonly Waiting[], error: unknown): void {
  if (!isAboutData(error)) {
    for (const { id } of group) refuse(id, error);
    return;
  }
  for (const one of group) {
    try {
      opened().commit([one]);
      answer(one.id, null);
    } catch (own) {
      refuse(one.id, isAboutData(own) ? new FplusError("historian.rejected", messageOf(own)) : own);
    }
  }
}

/** SQLite's codes for too large, broken rules and wrong types; all others are about the disk. */
function isAboutData(error: unknown): boolean {
  const { errcode = 0 } = error as { errcode?: number };
  return error instanceof TypeError || error instanceof RangeError || [18, 19, 20, 25].includes(errcode & 0xff);
}

/** A file that somebody deleted or replaced would take samples for nothing: this thread ends, and the next one opens what is there. */
function checkFile(): void {
  if (fileIdentity(file) === identity) return;
  const error = new FplusError("historian.io", `${file} was deleted or replaced while it was open`);
  setImmediate(() => {
    throw error;
  });
  throw error;
}

function maintain(): void {
  try {
    if (engine?.due === true) engine.maintain();
  } catch {
    // A full disk: everything is still in the journal and in memory, the next write tries again.
  }
}

function write(id: number, points: Points, announced: readonly SignalName[]): void {
  const target = opened();
  for (const [signal, path, unit, about] of announced) names[signal] = target.seriesOf(path, unit, about);
  const series: Series[] = [];
  for (let i = 0; i < points.length; i++) series.push(names[points.signal[i]!]!);
  waiting.push({ id, points, series });
  waitingSamples += points.length;
  if (waitingSamples >= GROUP_SAMPLES) flush();
  else timer ??= setTimeout(flush, GROUP_MS);
}

function query(request: Extract<EngineRequest, { op: "query" }>): HistorianSeries[] {
  const source = opened();
  const matches = signalMatcher(request.query);
  const found: HistorianSeries[] = [];
  for (const series of held((one) => matches(signalOf(one)))) {
    const one = readSeries(source, series, request.query);
    if (one !== undefined) found.push(one);
  }
  return found;
}

/** Series with samples that pass, in order of their paths. */
function held(passes: (series: Series) => boolean): Series[] {
  const all = [...opened().series.values()].filter((series) => series.id !== 0 && passes(series));
  return all.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function samples({ path, from, to, limit }: Extract<EngineRequest, { op: "samples" }>): Points {
  const series = opened().series.get(path);
  if (series === undefined || series.id === 0) return makePoints(0);
  const column = readColumn(opened(), series, from, to, limit);
  const points = makePoints(column.length);
  points.length = column.length;
  points.ms.set(column.ms.subarray(0, column.length));
  if (column.ns !== undefined) points.ns.set(column.ns.subarray(0, column.length));
  if (column.status !== undefined) points.status.set(column.status.subarray(0, column.length));
  points.bits.set(column.bits.subarray(0, column.length * 2));
  for (let i = 0; i < column.length; i++) {
    points.type[i] = column.typeAt(i);
    const text = column.text?.[i];
    if (text !== undefined) points.text[i] = text;
  }
  return points;
}

/** Makes roll-ups and deletes what is too old, a little at a time so that writes get their turn. */
function tend(): void {
  clearTimeout(retentionTimer);
  if (engine === undefined) return;
  const { days, rollUps } = retention;
  if (days <= 0 && rollUps.length === 0) return;
  let more = false;
  try {
    const now = clock.now(Date.now(), performance.now(), engine.newestMs());
    const horizon = days > 0 ? now - days * DAY_MS : Number.NEGATIVE_INFINITY;
    engine.retain(rollUps, horizon);
    flush();
    if (engine.isStale) engine.maintain();
    more = engine.rollUps.step(engine, now);
    // Samples go only once what is to outlive them has been made.
    if (days > 0 && !more) more = engine.expire(horizon);
    if (!more) engine.rollUps.expire(now);
  } catch {
    // A full or failing disk shows at the next write.
  }
  retentionTimer = setTimeout(tend, more ? 20 : TEND_INTERVAL_MS);
}

function close(): void {
  flush();
  clearTimeout(retentionTimer);
  const last = engine;
  engine = undefined;
  last?.close();
}

async function handle(id: number, request: EngineRequest): Promise<void> {
  switch (request.op) {
    case "open":
      file = historyFile(request.directory);
      engine ??= new Engine(await openFile(request.directory));
      identity = fileIdentity(file);
      clock = new AgeClock(engine.newestMs());
      retention = request.retention;
      maintain();
      tend();
      return answer(id, null);
    case "write":
      return write(id, request.points, request.names);
    case "query": {
      flush();
      const found = query(request);
      return answer(id, found, buffersOfSeries(found));
    }
    case "signals":
      flush();
      return answer(id, held(({ path }) => pathMatcher([request.pattern ?? "**"])(path)).map(signalOf));
    case "samples": {
      flush();
      const found = samples(request);
      return answer(id, found, buffersOf(found));
    }
    case "remove":
      flush();
      opened().remove(request.from, request.to);
      return answer(id, null);
    case "influxql":
      flush();
      return answer(id, answerInfluxQl(request.text, pointSource(opened()), request.nowMs));
    case "retain":
      retention = request.retention;
      tend();
      return answer(id, null);
    case "close":
      close();
      answer(id, null);
      port.close();
  }
}

port.on("message", ({ id, request }: NumberedRequest) => {
  handle(id, request).catch((error: unknown) => refuse(id, error));
});
