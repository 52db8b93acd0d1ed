import type { NodeAPI } from "node-red";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { type HistorianStore, plainRows } from "../../lib/historian/index.ts";
import type { HistorianService } from "../fplus-historian/service.ts";
import { borrowed, serviceOf } from "../frame/index.ts";
import { plantOf } from "../frame/plant.ts";
import { substituteAll } from "../frame/substitute.ts";
import { tableRows } from "./influxql-rows.ts";
import { type QueryConfig, requestOf, textOf } from "./request.ts";

/** Signals that a dialog lists, and rows that it shows of an answer. */
const MOST_SIGNALS = 20_000;
const SHOWN_ROWS = 20;
/** Characters of a value that a dialog shows. */
const SHOWN = 200;

/** What the dialog shows of an answer. */
interface Tried {
  readonly text: string;
  readonly columns: readonly string[];
  /** Times are ISO 8601. */
  readonly rows: readonly (readonly string[])[];
}

/**
 * What the dialog asks: `GET /fplus/historian/signals/:id` lists the signals that a deployed historian holds,
 * `POST /fplus/historian/try/:id` shows the newest rows of a question. `plant` as an id is the plant's own.
 */
export function serveQueryRoutes(RED: NodeAPI): void {
  const refuse = (response: { status(code: number): { json(body: object): void } }) => (error: unknown) =>
    response.status(409).json({ text: messageOf(error) });
  RED.httpAdmin.get(
    "/fplus/historian/signals/:id",
    RED.auth.needsPermission("fplus-historian.read"),
    (request, response) => {
      withHistorian(RED, String(request.params["id"]), signalsOf).then(
        (answer) => response.json(answer),
        refuse(response),
      );
    },
  );
  // Text of the user's own goes to a server, so that to read is not enough.
  RED.httpAdmin.post(
    "/fplus/historian/try/:id",
    RED.auth.needsPermission("fplus-historian.write"),
    (request, response) => {
      const config = substituteAll(request.body as QueryConfig, (name) => process.env[name]);
      withHistorian(RED, String(request.params["id"]), (store) => tryQuestion(store, config)).then(
        (tried) => response.json(tried),
        refuse(response),
      );
    },
  );
}

async function withHistorian<T>(RED: NodeAPI, id: string, work: (store: HistorianStore) => Promise<T>): Promise<T> {
  const lease = id === "plant" ? plantOf(RED).historian() : serviceOf<HistorianService>(RED, id, "historian").lease();
  return await borrowed(lease, work);
}

async function signalsOf(store: HistorianStore): Promise<object> {
  const signals = await store.describe();
  return {
    count: signals.length,
    signals: signals.slice(0, MOST_SIGNALS).map(({ path, unit }) => ({ path, unit })),
  };
}

async function tryQuestion(store: HistorianStore, config: QueryConfig): Promise<Tried> {
  const began = performance.now();
  const took = (): string => `${Math.max(1, Math.round(performance.now() - began))} ms`;
  if (config.language === "influxql" || config.language === "flux") {
    const text = textOf(config, undefined);
    refuseChange(config.language, text);
    const rows = config.language === "flux" ? await store.flux(text) : await tableRows(store, text);
    const columns = [...new Set(rows.slice(0, SHOWN_ROWS).flatMap((row) => Object.keys(row)))];
    return {
      text: `${counted(rows.length, "row")}, ${took()}.${rows.length > SHOWN_ROWS ? ` The first ${SHOWN_ROWS}:` : ""}`,
      columns,
      rows: rows.slice(0, SHOWN_ROWS).map((row) => columns.map((column) => shownValue(row[column]))),
    };
  }
  const request = requestOf(config, undefined, Date.now());
  const isRaw = request.aggregate === "raw";
  // Of raw samples a trial reads no more than it shows.
  const answers = await store.query(
    isRaw ? { ...request, limit: Math.min(request.limit ?? SHOWN_ROWS, SHOWN_ROWS) } : request,
  );
  const rows = plainRows(answers);
  const values = isRaw ? "" : `, ${counted(rows.length, "value")}`;
  const newest = rows.length === 0 ? "" : rows.length > SHOWN_ROWS || isRaw ? " The newest values:" : "";
  return {
    text: `${counted(answers.length, "signal")}${values}, ${took()}.${newest}`,
    columns: rows.length === 0 ? [] : ["Time", "Value", "Unit", "Signal"],
    rows: rows
      .slice(-SHOWN_ROWS)
      .reverse()
      .map(({ time, name, value, unit }) => [
        new Date(time).toISOString(),
        value === null ? "" : shownValue(value),
        unit ?? "",
        name,
      ]),
  };
}

/** A trial reads; what writes or deletes is left to a deployed node. */
function refuseChange(language: "influxql" | "flux", text: string): void {
  const changes =
    language === "flux"
      ? /\b(to|wideTo|delete)\s*\(/.test(text)
      : text.split(";").some((part) => !/^\s*(select|show|$)/i.test(part) || /\binto\b/i.test(part));
  if (!changes) return;
  throw new FplusError("historian.query", "a trial must not change anything, and this question could", {
    field: "query",
    hint: "Deploy the node and send it a message to ask it.",
  });
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

function shownValue(value: unknown): string {
  const text =
    value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
