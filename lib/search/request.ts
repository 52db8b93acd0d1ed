import { FplusError, messageOf } from "../errors/index.ts";
import type { IndexSettings, SearchDocument, SearchRequest } from "./types.ts";

const MAX_HITS = 1000;
const MAX_QUERY = 1000;

type Body = Readonly<Record<string, unknown>>;

/**
 * A request of a JSON body with the names of MeiliSearch (`q`, `filter`), or with `query` and `filters`.
 * @throws FplusError `search.request`, `search.filter` naming the field
 */
export function requestOf(body: unknown): SearchRequest {
  if (typeof body === "string") return requestOf({ q: body });
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw fault("payload", "a search is a text or an object", "Send words, or { q, filter, facets, limit, offset }.");
  }
  const asked = body as Body;
  const q = textOf(asked, "q", textOf(asked, "query", ""));
  if (q.length > MAX_QUERY) throw fault("q", `the query is longer than ${MAX_QUERY} characters`);
  return {
    q,
    filter: filterOf(asked["filter"] ?? asked["filters"]),
    facets: listOf(asked, "facets", []),
    limit: wholeOf(asked, "limit", 20, MAX_HITS),
    offset: wholeOf(asked, "offset", 0, Number.MAX_SAFE_INTEGER),
    sort: listOf(asked, "sort", []),
    matchingStrategy: strategyOf(asked["matchingStrategy"]),
    attributesToRetrieve: listOf(asked, "attributesToRetrieve", ["*"]),
    attributesToHighlight: listOf(asked, "attributesToHighlight", []),
    highlightPreTag: textOf(asked, "highlightPreTag", "<em>"),
    highlightPostTag: textOf(asked, "highlightPostTag", "</em>"),
    attributesToCrop: listOf(asked, "attributesToCrop", []),
    cropLength: wholeOf(asked, "cropLength", 10, 1000),
    cropMarker: textOf(asked, "cropMarker", "…"),
    showRankingScore: asked["showRankingScore"] === true,
  };
}

/** A filter as text; a list is joined by AND, a list within it by OR, as MeiliSearch has it. */
function filterOf(filter: unknown): string {
  if (filter === undefined || filter === null) return "";
  if (typeof filter === "string") return filter.trim();
  if (Array.isArray(filter)) {
    const parts = filter.map((part: unknown) => {
      if (typeof part === "string") return `(${part})`;
      if (Array.isArray(part) && part.every((one) => typeof one === "string"))
        return `(${part.map((one) => `(${one})`).join(" OR ")})`;
      throw new FplusError("search.filter", "a filter is a text, or a list of texts", { field: "filter" });
    });
    return parts.join(" AND ");
  }
  throw new FplusError("search.filter", "a filter is a text, or a list of texts", { field: "filter" });
}

function textOf(body: Body, field: string, otherwise: string): string {
  const value = body[field];
  if (value === undefined || value === null) return otherwise;
  if (typeof value === "string") return value;
  throw fault(field, `${field} is not a text`);
}

function listOf(body: Body, field: string, otherwise: readonly string[]): readonly string[] {
  const value = body[field];
  if (value === undefined || value === null) return otherwise;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw fault(field, `${field} is not a list of texts`);
}

function wholeOf(body: Body, field: string, otherwise: number, most: number): number {
  const value = body[field];
  if (value === undefined || value === null) return otherwise;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw fault(field, `${field} is not a whole number from 0 to ${most}`);
}

function strategyOf(value: unknown): "last" | "all" {
  if (value === undefined || value === null || value === "last") return "last";
  if (value === "all") return "all";
  throw fault("matchingStrategy", "matchingStrategy is last or all");
}

function fault(field: string, message: string, hint?: string): FplusError {
  return new FplusError("search.request", message, hint === undefined ? { field } : { field, hint });
}

/** What no document of a plant needs, and what would take the memory of the process. */
const MAX_LEVELS = 500;
const MAX_VALUES = 5_000_000;

/** @throws FplusError `search.request` */
export function checkIndex(index: string): void {
  if (typeof index === "string" && /^[A-Za-z0-9_-]{1,100}$/.test(index)) return;
  throw fault("index", `not the name of an index: ${JSON.stringify(index)}`, "Use letters, digits, - and _.");
}

/** @throws FplusError `search.document` */
export function checkDocument(document: unknown): asserts document is SearchDocument {
  const { id } = (document ?? {}) as { id?: unknown };
  if (
    typeof document === "object" &&
    !Array.isArray(document) &&
    typeof id === "string" &&
    id !== "" &&
    id.length <= 500 &&
    id.isWellFormed()
  )
    return;
  const what = typeof id === "string" && id !== "" ? "the id of a document is not usable" : "a document has no id";
  throw new FplusError("search.document", what, {
    field: "id",
    hint: "Give every document a text of 1 to 500 whole characters as its id.",
  });
}

/**
 * A document as JSON, which is how every engine keeps it.
 * @throws FplusError `search.document` naming the attribute that cannot be written so
 */
export function jsonOf(document: SearchDocument): string {
  const room = { values: MAX_VALUES };
  for (const [attribute, value] of Object.entries(document)) {
    if (isTooDeep(value, MAX_LEVELS, room)) {
      throw documentFault(document, attribute, `is nested deeper than ${MAX_LEVELS} levels, or holds itself`);
    }
    if (room.values < 0) throw documentFault(document, attribute, `holds more than ${MAX_VALUES} values`);
  }
  try {
    return JSON.stringify(document);
  } catch (error) {
    const at = Object.keys(document).find((name) => !isWritable(document[name])) ?? "id";
    throw documentFault(document, at, `cannot be written as JSON: ${messageOf(error)}`);
  }
}

function isTooDeep(value: unknown, left: number, room: { values: number }): boolean {
  if (typeof value !== "object" || value === null || --room.values < 0) return false;
  return left === 0 || Object.values(value).some((one) => isTooDeep(one, left - 1, room));
}

function isWritable(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

function documentFault({ id }: SearchDocument, attribute: string, what: string): FplusError {
  return new FplusError("search.document", `${attribute} of the document ${id} ${what}`, {
    field: attribute,
    hint: "Documents are JSON: texts, numbers, true and false, lists and objects.",
  });
}

/** Settings with their defaults. */
export function settingsOf(settings: IndexSettings): Required<IndexSettings> {
  const { searchable = ["*"], filterable = [], sortable = [] } = settings;
  for (const [field, list] of Object.entries({ searchable, filterable, sortable })) {
    if (!Array.isArray(list) || !list.every((name) => typeof name === "string" && name !== ""))
      throw fault(field, `${field} is not a list of attributes`);
  }
  return { searchable: searchable.length === 0 ? ["*"] : searchable, filterable, sortable };
}
