import type { ClientSession } from "node-opcua";
import { type Quality, qualityOf, SampleBatch, type SampleValue, statusName, valueTypeName } from "../sample/index.ts";
import { readAttribute } from "./attributes.ts";
import { addDataValue } from "./data-value.ts";
import { type EnumTexts, readEnumerations } from "./enumeration.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** The value of a variable now, as a dialog shows it. */
export interface ShownValue {
  readonly text: string;
  /** Sparkplug type; empty where there is no value. */
  readonly type: string;
  readonly quality: Quality;
  /** StatusCode by name; left out when Good. */
  readonly status?: string;
}

const LONGEST_TEXT = 80;
const SHOWN_ELEMENTS = 8;

/**
 * Reads values as texts for people: numbers to six digits, enumerations by name, long ones cut.
 * `texts` holds what is known of enumerations, by NodeId, and learns what is not.
 */
export async function readValues(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  nodeIds: readonly string[],
  texts: Map<string, EnumTexts | undefined>,
): Promise<ShownValue[]> {
  const unknown = nodeIds.filter((nodeId) => !texts.has(nodeId));
  if (unknown.length > 0) {
    const found = await readEnumerations(session, limits, opcua, unknown);
    unknown.forEach((nodeId, i) => texts.set(nodeId, found[i]));
  }
  const batch = new SampleBatch(nodeIds.length);
  const now = Date.now();
  const values = await readAttribute(session, limits, nodeIds, opcua.AttributeIds.Value);
  values.forEach((value, i) => addDataValue(batch, NOBODY, value, now, texts.get(nodeIds[i]!)));
  return Array.from({ length: batch.length }, (_, i) => {
    const value = batch.value(i);
    const status = batch.status[i]!;
    return {
      text: value === null ? "" : shorten(textOf(value)),
      type: value === null ? "" : valueTypeName(batch.type[i]!),
      quality: qualityOf(status),
      ...(status === 0 ? {} : { status: statusName(status) }),
    };
  });
}

/** No signal: what is shown here goes nowhere else. */
const NOBODY = 0;

function textOf(value: SampleValue): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (Array.isArray(value)) {
    const parts = value.slice(0, SHOWN_ELEMENTS).map((part) => textOf(part as SampleValue));
    return `[${parts.join(", ")}${value.length > SHOWN_ELEMENTS ? `, … ${value.length} in all` : ""}]`;
  }
  return typeof value === "object" && value !== null ? `${(value as Uint8Array).length} bytes` : String(value);
}

function shorten(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
