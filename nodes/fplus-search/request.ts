import { FplusError, shown } from "../../lib/errors/index.ts";
import { type IndexSettings, type Json, jsonOf, type SearchDocument } from "../../lib/search/index.ts";
import type { Message } from "../frame/index.ts";

/** What the node can do. */
export const MODES = ["search", "facets", "upsert", "delete", "get", "signals", "table"] as const;

/** One of {@link MODES}. */
export type Mode = (typeof MODES)[number];

/** Those that a message asks for. */
export type AskedMode = Exclude<Mode, "signals" | "table">;

/** The properties of the dialog; lists have commas between their entries. */
export interface SearchConfig {
  readonly name: string;
  readonly engine: string;
  /** `message` = `msg.operation`. */
  readonly mode: Mode | "message";
  /** Blank = `msg.index`. */
  readonly index: string;
  readonly filter: string;
  readonly facets: string;
  readonly sort: string;
  readonly limit: string | number;
  readonly highlight: boolean;
  readonly output: "hits" | "answer";
  readonly searchable: string;
  readonly filterable: string;
  readonly sortable: string;
  /** Attribute that holds a document's id; of a table the column. */
  readonly idFrom: string;
  /** Id of the database whose table is indexed; blank = the plant's. */
  readonly database?: string;
  readonly table?: string;
  /** Columns that are indexed; blank = all but secrets. */
  readonly columns?: string;
}

/** @throws FplusError `search.request` */
export function modeOf(config: SearchConfig, msg: Message): AskedMode {
  const asked = config.mode === "message" ? msg["operation"] : config.mode;
  const found = MODES.find((mode) => mode === asked);
  if (found !== undefined && found !== "signals" && found !== "table") return found;
  throw new FplusError(
    "search.request",
    asked === undefined ? "there is no operation in the message" : `there is no operation ${shown(asked)}`,
    {
      field: "operation",
      hint: "Use search, facets, upsert, delete or get.",
    },
  );
}

/** @throws FplusError `search.request` */
export function indexOf(config: SearchConfig, msg: Message): string {
  const index = config.index || msg["index"];
  if (typeof index === "string" && index !== "") return index;
  throw new FplusError("search.request", "no index is given", {
    field: "index",
    hint: "Fill the field, or set msg.index.",
  });
}

/** The body of a search: the dialog's, with what the message sets in its payload in place of it. */
export function bodyOf(config: SearchConfig, payload: unknown): Record<string, unknown> {
  const limit = config.limit === "" || config.limit === undefined ? undefined : Number(config.limit);
  const asked = typeof payload === "string" ? { q: payload } : payload;
  const own = typeof asked === "object" && asked !== null ? (asked as Record<string, unknown>) : {};
  return {
    ...(config.filter === "" ? {} : { filter: config.filter }),
    ...(config.facets === "" ? {} : { facets: listOf(config.facets) }),
    ...(config.sort === "" ? {} : { sort: listOf(config.sort) }),
    ...(limit === undefined ? {} : { limit }),
    ...(config.highlight ? { attributesToHighlight: ["*"] } : {}),
    ...own,
    // Either name of the message's filter takes the place of the dialog's.
    ...("filters" in own && !("filter" in own) ? { filter: own["filters"] } : {}),
  };
}

/** What the index uses its attributes for; undefined where the dialog says nothing of it. */
export function settingsOf({ searchable, filterable, sortable }: SearchConfig): IndexSettings | undefined {
  if (`${searchable}${filterable}${sortable}`.trim() === "") return undefined;
  return {
    ...(searchable.trim() === "" ? {} : { searchable: listOf(searchable) }),
    filterable: listOf(filterable),
    sortable: listOf(sortable),
  };
}

/**
 * The documents of a payload: one or a list.
 * @throws FplusError `search.document`
 */
export function documentsOf(config: SearchConfig, payload: unknown): SearchDocument[] {
  const list: unknown[] = Array.isArray(payload) ? payload : [payload];
  const attribute = config.idFrom || "id";
  return list.map((entry, i) => {
    const id = typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>)[attribute] : undefined;
    if ((typeof id === "string" && id !== "") || typeof id === "number") {
      const document = { ...(entry as Record<string, Json>), id: String(id) };
      return JSON.parse(jsonOf(document)) as SearchDocument;
    }
    throw new FplusError("search.document", `document ${i + 1} has no ${attribute}`, {
      field: attribute,
      hint: "Give every document an id, or name the attribute that holds it.",
    });
  });
}

/** The ids of a payload: one, a list, or the documents themselves. */
export function idsOf(config: SearchConfig, payload: unknown): string[] {
  const list: unknown[] = Array.isArray(payload) ? payload : [payload];
  return list.map((entry) =>
    typeof entry === "string" || typeof entry === "number" ? String(entry) : documentsOf(config, entry)[0]!.id,
  );
}

/** Entries of a text with commas between them. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
