import { type RuleRow, ruleOf } from "./rule-row.ts";

/** What the runtime says of a row; see `RowPreview` of lib/gateway. */
export interface RowPreview {
  readonly mistake?: { readonly field: string; readonly reason: string };
  readonly tag?: string;
  readonly target?: string;
  readonly raw?: unknown;
  readonly rawUnit?: string;
  readonly value?: unknown;
  readonly unit?: string;
  readonly reason?: string;
  readonly tags: number;
  readonly counts?: Readonly<Record<string, number>>;
}

/** A tag that may be mapped. */
export interface KnownTag {
  readonly device: string;
  readonly tag: string;
  readonly unit?: string;
  readonly isMapped?: boolean;
  readonly refusal?: string;
}

/** Mistakes of all rows, by their index. */
export async function askMistakes(rows: readonly RuleRow[]): Promise<{ row: number; field: string; reason: string }[]> {
  return post("fplus/map/check", { rules: rows.map(ruleOf) });
}

/** What rows do with the newest values of the running map. */
export async function askPreviews(
  id: string,
  rows: readonly RuleRow[],
): Promise<{ isRunning: boolean; rows: RowPreview[] }> {
  return post("fplus/map/preview", { id, rules: rows.map(ruleOf) });
}

/** The tags that the running map has seen. */
export async function askSeenTags(id: string): Promise<KnownTag[]> {
  return $.getJSON(`fplus/map/tags/${id}`) as unknown as Promise<KnownTag[]>;
}

/** The variables of an endpoint's server. */
export async function askServerTags(endpoint: string): Promise<KnownTag[]> {
  const tags = (await ($.getJSON(`fplus/opcua/tags/${endpoint}`) as unknown as Promise<unknown>)) as {
    device: string;
    metric: string;
    unit?: string;
  }[];
  return tags.map(({ device, metric, unit }) => ({ device, tag: metric, ...(unit === undefined ? {} : { unit }) }));
}

async function post<A>(url: string, body: object): Promise<A> {
  return $.ajax({
    url,
    method: "POST",
    contentType: "application/json",
    data: JSON.stringify(body),
  }) as unknown as Promise<A>;
}
