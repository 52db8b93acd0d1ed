/** A line of the tag table, as it is saved in the flow. Numbers that are none stay as they were typed, so that they can be shown. */
export interface TagRow {
  readonly device: string;
  readonly metric: string;
  /** A NodeId, or a browse path. */
  readonly nodeId: string;
  readonly unit?: string;
  readonly samplingMs?: number | string;
  readonly queueSize?: number | string;
  readonly deadband?: number | string;
  readonly deadbandPercent?: number | string;
  readonly trigger?: string;
  readonly hierarchy?: readonly string[];
  /** NodeId of an object type: the row stands for one tag of every device of that type. */
  readonly type?: string;
}

/** A column of the table; `deadband` shows both kinds, percent with its sign. */
export type Column = "device" | "metric" | "nodeId" | "samplingMs" | "queueSize" | "deadband" | "trigger" | "unit";

/** Headings of the columns, in their order. */
export const COLUMN_TITLES: Readonly<Record<Column, string>> = {
  device: "Device",
  metric: "Metric",
  nodeId: "NodeId or path",
  samplingMs: "Sampling",
  queueSize: "Queue",
  deadband: "Deadband",
  trigger: "Trigger",
  unit: "Unit",
};

/** The text in a cell. */
export function cellText(row: TagRow, column: Column): string {
  if (column === "deadband" && row.deadbandPercent !== undefined) return `${row.deadbandPercent}%`;
  return String(row[column] ?? "");
}

/** The row with another text in one cell; an empty text takes the field away. */
export function withCell(row: TagRow, column: Column, text: string): TagRow {
  const value = text.trim();
  if (column === "device" || column === "metric" || column === "nodeId") return { ...row, [column]: value };
  const { [column]: _old, ...rest } = row;
  if (column !== "deadband") {
    const isNumber = column === "samplingMs" || column === "queueSize";
    return value === "" ? rest : { ...rest, [column]: isNumber ? numberIn(value) : value };
  }
  const { deadbandPercent: _percent, ...bare } = rest as TagRow;
  if (value === "") return bare;
  const percent = /^(.*?)\s*%$/.exec(value);
  return percent === null
    ? { ...bare, deadband: numberIn(value) }
    : { ...bare, deadbandPercent: numberIn(percent[1]!) };
}

/** A number, with a comma or a point; what is none stays text. */
function numberIn(text: string): number | string {
  const number = Number(text.replace(/^(-?\d+),(\d+)$/, "$1.$2"));
  return text === "" || Number.isNaN(number) ? text : number;
}
