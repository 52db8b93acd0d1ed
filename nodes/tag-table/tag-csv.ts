import papa from "papaparse";
import { cellText, type Column, type TagRow, withCell } from "./tag-row.ts";

/** A line of a file that could not be taken over. */
export interface LineMistake {
  /** From 1, as a text editor counts. */
  readonly line: number;
  readonly reason: string;
}

type Field = Column | "hierarchy" | "type" | "deadbandPercent";

/** Names of columns as Kepware, Ignition, Neuron and spreadsheets have them, in small letters without blanks. */
const NAMES: Readonly<Record<Field, readonly string[]>> = {
  device: ["device", "devicename", "group", "groupname", "equipment", "machine", "asset"],
  metric: ["metric", "tagpath", "tagname", "tag", "name", "signal", "displayname"],
  nodeId: ["nodeid", "opcitempath", "opcuanodeid", "itemid", "address", "browsepath"],
  samplingMs: ["samplingms", "sampling", "samplinginterval", "scanrate", "scanratems", "interval", "pollrate"],
  queueSize: ["queue", "queuesize"],
  deadband: ["deadband", "deadbandvalue"],
  deadbandPercent: ["deadbandpercent", "deadband%"],
  trigger: ["trigger", "datachangetrigger"],
  unit: ["unit", "units", "engunit", "engunits", "engineeringunits", "eu"],
  hierarchy: ["hierarchy", "location"],
  type: ["templatetype"],
};
/** Columns of a file without a heading. */
const USUAL: readonly Field[] = ["device", "metric", "nodeId", "samplingMs", "deadband", "unit"];
const EXPORTED: readonly (readonly [heading: string, field: Field])[] = [
  ["Device", "device"],
  ["Metric", "metric"],
  ["NodeId", "nodeId"],
  ["Sampling ms", "samplingMs"],
  ["Queue", "queueSize"],
  ["Deadband", "deadband"],
  ["Trigger", "trigger"],
  ["Unit", "unit"],
  ["Hierarchy", "hierarchy"],
  ["Template type", "type"],
];

/**
 * Reads a table from a file or the clipboard: comma, semicolon or tab between the fields, with or without a heading. Lines
 * that are damaged are told; the others are taken over, and what their fields hold is judged later.
 */
export function readTagCsv(text: string): { rows: TagRow[]; mistakes: LineMistake[] } {
  const table = text.replace(/^\uFEFF/, "");
  const { data, errors } = papa.parse(table, { delimiter: delimiterOf(table), skipEmptyLines: "greedy" });
  const damaged = new Map<number, string>();
  for (const { message, row } of errors) if (row !== undefined) damaged.set(row, message);
  const heading = headingOf(data[0] ?? []);
  const fields = heading ?? USUAL;
  const first = heading === undefined ? 0 : 1;
  const rows: TagRow[] = [];
  const mistakes: LineMistake[] = [];
  data.slice(first).forEach((cells, i) => {
    const reason = damaged.get(i + first);
    if (reason !== undefined) mistakes.push({ line: i + first + 1, reason });
    else if (cells.length < 3 && heading === undefined)
      mistakes.push({ line: i + first + 1, reason: "has no device, metric and NodeId" });
    else rows.push(rowOf(fields, cells));
  });
  return { rows, mistakes };
}

/** The table as a file that `readTagCsv` and spreadsheets read. */
export function writeTagCsv(rows: readonly TagRow[]): string {
  const lines = rows.map((row) =>
    EXPORTED.map(([, field]) => {
      if (field === "hierarchy") return (row.hierarchy ?? []).join("/");
      return field === "type" || field === "deadbandPercent" ? String(row[field] ?? "") : cellText(row, field);
    }),
  );
  return `${papa.unparse([EXPORTED.map(([name]) => name), ...lines], { newline: "\n" })}\n`;
}

/** What stands between the fields of the first line; a NodeId has a semicolon of its own. */
function delimiterOf(text: string): string {
  const [line = ""] = text.trimStart().split("\n", 1);
  const bare = line.replace(/"[^"]*"/g, "");
  const count = (sign: string): number => bare.split(sign).length - 1;
  if (count("\t") > 0) return "\t";
  return count(";") > count(",") ? ";" : ",";
}

/** The field of each column; undefined where the line is no heading. */
function headingOf(cells: readonly string[]): (Field | undefined)[] | undefined {
  const entries = Object.entries(NAMES) as [Field, readonly string[]][];
  const taken = new Set<Field>();
  const fields = cells.map((cell) => {
    const name = cell.toLowerCase().replace(/[\s_()-]/g, "");
    const field = entries.find(([key, names]) => !taken.has(key) && names.includes(name))?.[0];
    if (field !== undefined) taken.add(field);
    return field;
  });
  return taken.has("nodeId") && taken.has("metric") ? fields : undefined;
}

function rowOf(fields: readonly (Field | undefined)[], cells: readonly string[]): TagRow {
  let row: TagRow = { device: "", metric: "", nodeId: "" };
  fields.forEach((field, i) => {
    const cell = (cells[i] ?? "").trim();
    if (field === undefined || cell === "") return;
    if (field === "hierarchy") row = { ...row, hierarchy: cell.split("/").filter(Boolean) };
    else if (field === "type") row = { ...row, type: cell };
    else if (field === "deadbandPercent") row = withCell(row, "deadband", `${cell.replace(/%$/, "")}%`);
    else row = withCell(row, field, field === "nodeId" ? nodeIdOf(cell) : cell);
  });
  return row.device === "" ? splitPath(row) : row;
}

/** Neuron writes `2!Name` for the node Name of namespace 2. */
function nodeIdOf(cell: string): string {
  const match = /^(\d+)!(.+)$/.exec(cell);
  if (match === null) return cell;
  return `ns=${match[1]};${/^\d+$/.test(match[2]!) ? "i" : "s"}=${match[2]}`;
}

/** Where there is no column for the device: the last part of `Line1/Press/Temperature` is the metric, the one before it the device. */
function splitPath(row: TagRow): TagRow {
  const parts = row.metric.split("/").filter(Boolean);
  if (parts.length < 2) return row;
  const hierarchy = parts.slice(0, -2);
  return {
    ...row,
    device: parts.at(-2)!,
    metric: parts.at(-1)!,
    ...(hierarchy.length === 0 ? {} : { hierarchy }),
  };
}
