import { FplusError, shown } from "../../lib/errors/index.ts";
import type { ByteRange, ObjectName } from "../../lib/objects/index.ts";
import type { Message } from "../frame/index.ts";

/** What the node can do. */
export const OPERATIONS = [
  "put",
  "get",
  "list",
  "stat",
  "copy",
  "delete",
  "versions",
  "link",
  "keep-versions",
  "expire",
  "transfer",
] as const;

/** One of {@link OPERATIONS}. */
export type Operation = (typeof OPERATIONS)[number];

/** The properties of the dialog; a blank one is taken from the message. */
export interface ObjectsConfig {
  readonly name: string;
  readonly store: string;
  /** `message` = `msg.operation`. */
  readonly operation: Operation | "message";
  readonly bucket: string;
  readonly key: string;
  /** Where put takes the content from. */
  readonly source: "payload" | "file";
  /** What get makes of the content. */
  readonly output: "buffer" | "text" | "json" | "stream" | "file";
  readonly file: string;
  readonly contentType: string;
  /** Content types that put takes, with commas between them; blank = all. */
  readonly allow: string;
  readonly prefix: string;
  readonly recursive: boolean;
  readonly listAs: "array" | "pages" | "objects";
  readonly toBucket: string;
  readonly toKey: string;
  readonly method: "GET" | "PUT";
  /** Minutes that a link lives. */
  readonly minutes: string | number;
  /** Days after which objects under the prefix go; 0 takes the rule away. */
  readonly days: string | number;
  readonly keep: "yes" | "no";
  /** Id of the `fplus-object-store` that transfer copies to. */
  readonly toStore: string;
}

/** @throws FplusError `objects.request` */
export function operationOf(config: ObjectsConfig, msg: Message): Operation {
  const asked = config.operation === "message" ? msg["operation"] : config.operation;
  const found = OPERATIONS.find((operation) => operation === asked);
  if (found !== undefined) return found;
  throw new FplusError(
    "objects.request",
    asked === undefined ? "there is no operation in the message" : `there is no operation ${shown(asked)}`,
    {
      field: "operation",
      hint: `Use one of ${OPERATIONS.join(", ")}.`,
    },
  );
}

/** A property of the dialog, or the message's where that is blank; empty text where neither has it. */
export function textOf(
  config: ObjectsConfig,
  msg: Message,
  property: keyof ObjectsConfig,
  name: string = property,
): string {
  const set = config[property];
  if (typeof set === "string" && set !== "") return set;
  const given = msg[name];
  if (given === undefined || given === null) return "";
  if (typeof given === "string" || typeof given === "number") return String(given);
  throw new FplusError("objects.request", `msg.${name} is not a text`, { field: name });
}

/** @throws FplusError `objects.request` naming what is missing */
export function required(
  config: ObjectsConfig,
  msg: Message,
  property: keyof ObjectsConfig,
  name: string = property,
): string {
  const text = textOf(config, msg, property, name);
  if (text !== "") return text;
  throw new FplusError("objects.request", `no ${property} is given`, {
    field: property,
    hint: `Fill the field, or set msg.${name}.`,
  });
}

/** Which object a message is about. */
export function nameOf(config: ObjectsConfig, msg: Message): ObjectName {
  const bucket = required(config, msg, "bucket");
  const key = required(config, msg, "key");
  const { versionId } = msg as { versionId?: unknown };
  return typeof versionId === "string" && versionId !== "" ? { bucket, key, versionId } : { bucket, key };
}

/** A number of the message, or else of the dialog. */
export function numberOf(config: ObjectsConfig, msg: Message, property: "minutes" | "days"): number {
  const text = String(msg[property] ?? config[property] ?? "");
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new FplusError("objects.request", `${property} is not a number`, {
    field: property,
    hint: `Fill the field, or set msg.${property}.`,
  });
}

/** The range of bytes that a message asks for: `{ start, end }`. */
export function rangeOf(msg: Message): ByteRange | undefined {
  const { range } = msg as { range?: Partial<Record<"start" | "end", unknown>> | null };
  if (range === undefined || range === null) return undefined;
  const { start, end } = range;
  if (typeof start === "number" && end === undefined) return { start };
  if (typeof start === "number" && typeof end === "number") return { start, end };
  throw new FplusError("objects.request", "msg.range is not { start, end }", { field: "range" });
}
