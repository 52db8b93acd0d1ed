/** A row of the map as the dialog edits it: all fields as text. */
export type RuleRow = { [field in Field]?: string };

/** The fields of a row, in the order of a table. */
export const FIELDS = [
  "device",
  "tag",
  "name",
  "toDevice",
  "fromUnit",
  "unit",
  "rawLow",
  "rawHigh",
  "low",
  "high",
  "clamp",
  "type",
  "formula",
  "min",
  "max",
  "allowed",
  "maxRate",
  "staleSeconds",
  "path",
] as const;

/** Name of a field. */
export type Field = (typeof FIELDS)[number];

const NUMBERS: ReadonlySet<string> = new Set([
  "rawLow",
  "rawHigh",
  "low",
  "high",
  "min",
  "max",
  "maxRate",
  "staleSeconds",
]);

/** A saved rule as the dialog shows it. */
export function rowOf(rule: Readonly<Record<string, unknown>>): RuleRow {
  const row: RuleRow = {};
  for (const field of FIELDS) {
    const value = rule[field];
    if (typeof value === "string" || typeof value === "number" || value === true) row[field] = String(value);
  }
  return row;
}

/** A row as it is saved: numbers as numbers, blanks left out; what is no number stays as it was typed, to be named. */
export function ruleOf(row: RuleRow): Record<string, unknown> {
  const rule: Record<string, unknown> = {};
  for (const field of FIELDS) {
    const text = row[field]?.trim() ?? "";
    if (text === "") continue;
    if (field === "clamp") {
      if (isYes(text)) rule[field] = true;
    } else rule[field] = NUMBERS.has(field) && Number.isFinite(Number(text)) ? Number(text) : text;
  }
  return rule;
}

/** Whether nothing is written in a row. */
export function isBlank(row: RuleRow): boolean {
  return Object.keys(ruleOf(row)).length === 0;
}

function isYes(text: string): boolean {
  return /^(true|yes|x|1)$/i.test(text);
}

/**
 * Rows of a table as spreadsheets copy and save it: tabs, semicolons or commas between the fields, quotes around those that
 * need them. A heading line names the columns in any order; without one they are device, tag, name, unit.
 */
export function rowsFromTable(text: string): RuleRow[] {
  const heading = text.split(/\r?\n/, 1)[0] ?? "";
  const separator = ["\t", ";"].find((sign) => heading.includes(sign)) ?? ",";
  const lines = cellsOf(text, separator).filter((cells) => cells.some((cell) => cell.trim() !== ""));
  const named = (lines[0] ?? []).map((cell) => fieldNamed(cell));
  const hasHeading = named.filter((field) => field !== undefined).length >= 2;
  const columns = hasHeading ? named : (["device", "tag", "name", "unit"] as const);
  return lines.slice(hasHeading ? 1 : 0).map((cells) => {
    const row: RuleRow = {};
    columns.forEach((field, i) => {
      const cell = cells[i]?.trim() ?? "";
      if (field !== undefined && cell !== "") row[field] = cell;
    });
    return row;
  });
}

/** A table with a heading and the columns in use, tabs between, as a spreadsheet takes it from the clipboard. */
export function tableOf(rows: readonly RuleRow[]): string {
  const columns = FIELDS.filter((field) => field === "tag" || field === "name" || rows.some((row) => row[field]));
  const cell = (text: string): string => (/["\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns.join("\t"), ...rows.map((row) => columns.map((field) => cell(row[field] ?? "")).join("\t"))].join(
    "\n",
  );
}

function fieldNamed(cell: string): Field | undefined {
  const wanted = cell.trim().toLowerCase();
  return FIELDS.find((field) => field.toLowerCase() === wanted);
}

/** Cells by RFC 4180: a quoted cell may hold separators, line ends and doubled quotes. */
function cellsOf(text: string, separator: string): string[][] {
  const lines: string[][] = [[]];
  const pattern = new RegExp(`(?:"((?:[^"]|"")*)"|([^${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`, "y");
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    lines.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "" || pattern.lastIndex >= text.length) break;
    if (match[3] !== separator) lines.push([]);
  }
  return lines;
}
