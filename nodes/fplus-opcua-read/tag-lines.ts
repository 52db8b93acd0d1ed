/** A line of the tag table, as it is saved in the flow. */
export interface TagRow {
  device: string;
  metric: string;
  nodeId: string;
  unit?: string;
  samplingMs?: number;
  deadband?: number;
  hierarchy?: string[];
}

/**
 * Reads a pasted table: `device,metric,nodeId[,samplingMs[,deadband[,unit]]]`, tabs (as spreadsheets copy) or commas between
 * the fields; a heading line is passed over.
 */
export function parseTagLines(text: string): TagRow[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const separator = lines[0]?.includes("\t") === true ? "\t" : ",";
  const rows = lines.map((line) => line.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, "$1")));
  if (/^device$/i.test(rows[0]?.[0] ?? "")) rows.shift();
  return rows.map(([device = "", metric = "", nodeId = "", samplingMs, deadband, unit]) => ({
    device,
    metric,
    nodeId,
    ...(samplingMs ? { samplingMs: Number(samplingMs) } : {}),
    ...(deadband ? { deadband: Number(deadband) } : {}),
    ...(unit ? { unit } : {}),
  }));
}
