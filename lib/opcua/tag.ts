import { FplusError } from "../errors/index.ts";
import { isBrowsePath, parseBrowsePath } from "./browse-path.ts";

/** One line of a tag table: an OPC UA variable and the name it gets in the plant. */
export interface Tag {
  readonly device: string;
  /** Name within the device, `/` between levels. */
  readonly metric: string;
  /** `ns=2;s=…`, `nsu=uri;s=…`, or a browse path from the Root folder: `/Objects/2:Line/2:Speed`. */
  readonly nodeId: string;
  /**
   * NodeId of an object type: the tag stands for one of every object of that type (or a subtype), `nodeId` is the browse path
   * from that object, and `device` is only what the type is called.
   */
  readonly type?: string;
  /** Milliseconds; the reader's own where left out. */
  readonly samplingMs?: number;
  /** Values the server keeps between two publish responses; the reader's own where left out. */
  readonly queueSize?: number;
  /** Deadband in the variable's own unit. */
  readonly deadband?: number;
  /** Deadband in percent of the variable's EURange; not beside `deadband`. */
  readonly deadbandPercent?: number;
  /** What counts as a change; `value` (or status) where left out. */
  readonly trigger?: DataChangeTrigger;
  readonly unit?: string;
  /** ISA-95 levels, outermost first. */
  readonly hierarchy?: readonly string[];
}

/** OPC 10000-4 7.22.2: a change of status only, of status or value, or of any of these or the source timestamp. */
export type DataChangeTrigger = "status" | "value" | "timestamp";

/** A line of a tag table that cannot be used, and why. */
export interface TagMistake {
  /** `tags[17].nodeId`. */
  readonly field: string;
  readonly reason: string;
}

/** How a NodeId is written: `ns=2;s=Name`, `i=2258`, `nsu=urn:x;g=…`. */
export const NODE_ID =
  /^(ns=\d+;|nsu=[^;]+;)?(i=\d{1,10}|s=.+|g=[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|b=[A-Za-z\d+/]+=*)$/i;

const TRIGGERS: ReadonlySet<unknown> = new Set<DataChangeTrigger>(["status", "value", "timestamp"]);

/** The largest number a tag may ask for: a day between samples, and what a server could ever keep. */
const MOST = {
  samplingMs: 86_400_000,
  queueSize: 1_000_000,
  deadband: Number.MAX_VALUE,
  deadbandPercent: 100,
} as const;

/** Sorts the lines of a table into tags and mistakes; a table full of mistakes still gives its good lines. */
export function checkTags(rows: readonly unknown[]): { tags: Tag[]; mistakes: TagMistake[] } {
  const tags: Tag[] = [];
  const mistakes: TagMistake[] = [];
  const seen = new Set<string>();
  rows.forEach((row, i) => {
    const found = mistakeIn(row, seen);
    if (found === undefined) tags.push(cleaned(row as Tag));
    else mistakes.push({ field: `tags[${i}].${found.field}`, reason: found.reason });
  });
  return { tags, mistakes };
}

/** All mistakes of a table as one error that names the first few. */
export function tableError(mistakes: readonly TagMistake[]): FplusError {
  const first = mistakes.slice(0, 3).map(({ field, reason }) => `${field} ${reason}`);
  const more = mistakes.length > first.length ? ` and ${mistakes.length - first.length} more` : "";
  return new FplusError("opcua.tag-table", `${mistakes.length} lines cannot be used: ${first.join("; ")}${more}`, {
    field: mistakes[0]?.field ?? "tags",
    hint: "The other lines are read.",
  });
}

function mistakeIn(row: unknown, seen: Set<string>): TagMistake | undefined {
  if (typeof row !== "object" || row === null) return { field: "", reason: "is no tag" };
  const tag = row as Partial<Record<keyof Tag, unknown>>;
  if (typeof tag.device !== "string" || tag.device === "" || /[/+#]/.test(tag.device)) {
    return { field: "device", reason: "is empty or has a /, + or #" };
  }
  if (typeof tag.metric !== "string" || tag.metric === "") return { field: "metric", reason: "is empty" };
  const wrong = addressMistake(tag.nodeId);
  if (wrong !== undefined) return { field: "nodeId", reason: wrong };
  if (tag.type !== undefined) {
    if (typeof tag.type !== "string" || !NODE_ID.test(tag.type))
      return { field: "type", reason: "is no NodeId of a type" };
    if (!isBrowsePath(String(tag.nodeId)))
      return { field: "nodeId", reason: "is no path from a device of that type, like /2:Motor/2:Speed" };
  }
  for (const [field, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
    const value = tag[field];
    if (value === undefined) continue;
    if (!(typeof value === "number" && value >= 0)) return { field, reason: "is no number from 0 on" };
    if (value > most) return { field, reason: `is above ${most}` };
  }
  if (tag.deadband !== undefined && tag.deadbandPercent !== undefined)
    return { field: "deadbandPercent", reason: "stands beside a deadband; choose one" };
  if (tag.trigger !== undefined && !TRIGGERS.has(tag.trigger))
    return { field: "trigger", reason: "is none of status, value, timestamp" };
  if (tag.unit !== undefined && typeof tag.unit !== "string") return { field: "unit", reason: "is no text" };
  if (tag.hierarchy !== undefined && !isHierarchy(tag.hierarchy))
    return { field: "hierarchy", reason: "is no list of names" };
  const name = `${tag.device}/${tag.metric}`;
  const key = `${String(tag.type ?? "")} ${name}`;
  if (seen.has(key)) return { field: "metric", reason: `${name} is there twice` };
  seen.add(key);
  return undefined;
}

/** Why an address is neither a NodeId nor a browse path; undefined where it is one. */
export function addressMistake(address: unknown): string | undefined {
  if (typeof address === "string") {
    const text = address.trim();
    if (NODE_ID.test(text)) return undefined;
    if (isBrowsePath(text)) {
      const steps = parseBrowsePath(text);
      return typeof steps === "string" ? `${JSON.stringify(text)} ${steps}` : undefined;
    }
  }
  return `${JSON.stringify(address ?? "")} is no NodeId like ns=2;s=Name`;
}

function isHierarchy(levels: unknown): boolean {
  return Array.isArray(levels) && levels.every((level) => typeof level === "string" && level !== "");
}

function cleaned(tag: Tag): Tag {
  return { ...tag, nodeId: tag.nodeId.trim() };
}
