import { FplusError } from "../../errors/index.ts";
import { type SampleValue, valueTypeName } from "../../sample/index.ts";
import { readMetric } from "./metric-fields.ts";
import { plainMetric, type PlainMetric } from "./plain-metric.ts";
import { PROPERTY_FIELDS } from "./properties.ts";
import { readScalar } from "./scalar-fields.ts";
import { textAt } from "./text.ts";
import { head, MAX_DEPTH, metrics, Shape } from "./workbench.ts";
import { WireReader } from "./wire-reader.ts";

/** A parameter of a template. */
export interface TemplateParameter {
  readonly name: string;
  readonly type: string;
  readonly value: SampleValue;
}

/** A template, definition or instance, as the value of a metric; the names are those of sparkplug-payload. */
export interface Template {
  readonly version?: string;
  readonly templateRef?: string;
  readonly isDefinition?: boolean;
  readonly metrics: readonly PlainMetric[];
  readonly parameters: readonly TemplateParameter[];
}

const TAG = { version: 0x0a, metric: 0x12, parameter: 0x1a, ref: 0x22, isDefinition: 0x28 } as const;

/**
 * Reads a template. Its metrics are read one after the other in the place `slot` of the workbench; those of templates
 * within it in the places behind.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function readTemplate(start: number, end: number, slot: number): Template {
  if (slot - head.count >= MAX_DEPTH) {
    throw new FplusError("sparkplug.limit", `templates nested deeper than ${MAX_DEPTH}`, { offset: start });
  }
  const reader = new WireReader().open(start, end);
  const found: PlainMetric[] = [];
  const parameters: TemplateParameter[] = [];
  let version: string | undefined;
  let templateRef: string | undefined;
  let isDefinition: boolean | undefined;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === TAG.isDefinition) isDefinition = reader.bool();
    else if (tag === TAG.version || tag === TAG.ref || tag === TAG.metric || tag === TAG.parameter) {
      const sliceEnd = reader.sliceEnd();
      if (tag === TAG.version) version = textAt(reader.at, sliceEnd);
      else if (tag === TAG.ref) templateRef = textAt(reader.at, sliceEnd);
      else if (tag === TAG.parameter) parameters.push(readParameter(reader.at, sliceEnd));
      else found.push(readMember(reader.at, sliceEnd, slot));
      reader.at = sliceEnd;
    } else reader.skip(tag);
  }
  reader.check();
  return {
    ...(version === undefined ? {} : { version }),
    ...(templateRef === undefined ? {} : { templateRef }),
    ...(isDefinition === undefined ? {} : { isDefinition }),
    metrics: found,
    parameters,
  };
}

function readMember(start: number, end: number, slot: number): PlainMetric {
  const shape = readMetric(slot, start, end);
  metrics.shape[slot] = shape;
  if ((shape & Shape.Broken) !== 0) {
    throw new FplusError("sparkplug.malformed", "a metric of a template cannot be read", {
      offset: start,
      cause: head.firstFault,
    });
  }
  return plainMetric(slot);
}

function readParameter(start: number, end: number): TemplateParameter {
  const reader = new WireReader().open(start, end);
  let name = "";
  let type = 0;
  let value: SampleValue = null;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      const sliceEnd = reader.sliceEnd();
      name = textAt(reader.at, sliceEnd);
      reader.at = sliceEnd;
    } else if (tag === 0x10) type = reader.varint();
    else {
      const scalar = readScalar(reader, tag, PROPERTY_FIELDS, type);
      if (scalar === undefined) reader.skip(tag);
      else value = scalar;
    }
  }
  reader.check();
  return { name, type: valueTypeName(type), value };
}
