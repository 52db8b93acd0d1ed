import type { SampleValue } from "../../sample/index.ts";
import type { PlainMetric } from "./plain-metric.ts";

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
