/** What an index knows, for its fields to be picked and not typed. */
export interface KnownIndex {
  /** Attributes that can filter and be counted. */
  readonly filterable: readonly string[];
  readonly sortable: readonly string[];
  /** Attribute, value, number of documents that have it. */
  readonly values: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** How a list with commas may go on: the text with each name that it lacks, `endings` after it. */
export function listSuggestions(text: string, names: readonly string[], endings: readonly string[] = [""]): string[] {
  const entries = text.split(",").map((entry) => entry.trim());
  const head = entries.slice(0, -1);
  const taken = new Set(head.map((entry) => entry.split(":", 1)[0]));
  return names
    .filter((name) => !taken.has(name))
    .flatMap((name) => endings.map((ending) => [...head, `${name}${ending}`].join(", ")));
}

/** How a filter may go on: with an attribute, or after `=` with a value that documents have. */
export function filterSuggestions(text: string, { filterable, values }: KnownIndex): string[] {
  const [, start = "", attribute = ""] = /^(.*?([\w.-]+)\s*!?=\s*)(?:'[^']*|[^'\s]*)$/s.exec(text) ?? [];
  if (attribute !== "") return Object.keys(values[attribute] ?? {}).map((value) => `${start}${quoted(value)}`);
  const [, head] = /^((?:.*(?:\b(?:AND|OR|NOT)\s+|\(\s*)|\s*))[\w.-]*$/is.exec(text) ?? [];
  return head === undefined ? [] : filterable.map((name) => `${head}${name} = `);
}

/** A filter with one more condition. */
export function narrowed(filter: string, attribute: string, value: string): string {
  const condition = `${attribute} = ${quoted(value)}`;
  if (filter.trim() === "") return condition;
  return /\bOR\b/i.test(filter) ? `(${filter}) AND ${condition}` : `${filter} AND ${condition}`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
