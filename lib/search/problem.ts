import { type ErrorCode, FplusError } from "../errors/index.ts";

/** An error as MeiliSearch's API tells it. */
export interface SearchProblem {
  readonly message: string;
  readonly code: string;
  readonly type: "invalid_request" | "internal" | "auth";
  readonly status: number;
}

const CODES: Partial<Record<ErrorCode, [code: string, status: number]>> = {
  "search.filter": ["invalid_search_filter", 400],
  "search.sort": ["invalid_search_sort", 400],
  "search.facets": ["invalid_search_facets", 400],
  "search.request": ["bad_request", 400],
  "search.missing": ["index_not_found", 404],
  "search.document": ["invalid_document_id", 400],
  "search.refused": ["invalid_api_key", 403],
};

/** The code, type and HTTP status that MeiliSearch has for an error of this room. */
export function searchProblem(error: unknown): SearchProblem {
  const message = error instanceof Error ? error.message : String(error);
  const [code, status] = (error instanceof FplusError ? CODES[error.code] : undefined) ?? ["internal", 500];
  const type = status === 500 ? "internal" : status === 403 ? "auth" : "invalid_request";
  return { message, code, type, status };
}

/** The error of ours behind a code of MeiliSearch. */
export function codeOfProblem(code: string): ErrorCode | undefined {
  const found = Object.entries(CODES).find(([, [known]]) => known === code);
  return found === undefined ? undefined : (found[0] as ErrorCode);
}
