import { FplusError } from "../../errors/index.ts";
import { type SampleBatch, ValueType } from "../../sample/index.ts";
import { encodePlain, type MetricInput } from "../codec/encode-plain.ts";
import type { PlainMetric } from "../codec/plain-metric.ts";
import { decodePlain } from "../codec/plain.ts";
import type { Template } from "../codec/template.ts";

/** The template definitions of an edge node: its NBIRTH carries them, and every instance must have one (Sparkplug 3.0 section 6.4.19). */
export class TemplateTable {
  readonly #definitions = new Map<string, Template>();

  /** @param saved what `save` returned in a former life; a damaged one is none */
  constructor(saved = "") {
    if (saved === "") return;
    try {
      for (const { name = "", value } of decodePlain(Buffer.from(saved, "base64")).metrics) {
        this.#definitions.set(name, value as Template);
      }
    } catch {
      this.#definitions.clear();
    }
  }

  get size(): number {
    return this.#definitions.size;
  }

  /** Definitions as the metrics of an NBIRTH. */
  metrics(): { name: string; type: "Template"; value: Template }[] {
    return [...this.#definitions].map(([name, value]) => ({ name, type: "Template", value }));
  }

  save(): string {
    return this.#definitions.size === 0 ? "" : Buffer.from(encodePlain({ metrics: this.metrics() })).toString("base64");
  }

  /**
   * Takes a definition; true when it is new or another than before.
   * @throws FplusError `sparkplug.encode` naming the metric where it cannot be sent
   */
  define(name: string, template: Template): boolean {
    const { templateRef: _none, ...rest } = template;
    const definition: Template = { ...rest, isDefinition: true };
    const bytes = encodePlain({ metrics: [{ name, type: "Template", value: definition }] });
    const known = this.#definitions.get(name);
    if (known !== undefined) {
      const before = encodePlain({ metrics: [{ name, type: "Template", value: known }] });
      if (Buffer.compare(bytes, before) === 0) return false;
    }
    this.#definitions.set(name, definition);
    return true;
  }

  /**
   * Checks an instance against its definition.
   * @returns the instance as it must be sent
   * @throws FplusError `sparkplug.encode` naming the template, its member or parameter
   */
  instance(template: Template): Template {
    const { templateRef = "" } = template;
    const definition = this.#definitions.get(templateRef);
    if (definition === undefined) {
      throw new FplusError("sparkplug.encode", "an instance of a template that is not defined", {
        field: templateRef,
        hint: "Send the definition (isDefinition: true) first, with this name as the metric.",
      });
    }
    checkMembers(template.metrics, definition.metrics, templateRef);
    checkMembers(template.parameters, definition.parameters, templateRef);
    return template.isDefinition === false ? template : { ...template, isDefinition: false };
  }

  /** An instance with every member of its definition, as births need it: what it lacks comes from the one before, else has no value. */
  complete(template: Template, before?: Template): Template {
    const definition = this.#definitions.get(template.templateRef ?? "");
    if (definition === undefined) return template;
    const metrics = definition.metrics.map((member): PlainMetric => {
      const given = memberOf(template, member.name) ?? memberOf(before, member.name);
      return given === undefined
        ? { name: member.name!, type: member.type, value: null }
        : { ...given, type: member.type };
    });
    return { ...template, metrics };
  }
}

/** The template that sample i holds. */
export function templateAt(batch: SampleBatch, i: number): Template | undefined {
  if (batch.type[i] !== ValueType.Template || batch.isNull(i)) return undefined;
  const value = batch.ref[i] as Partial<Template> | undefined;
  if (typeof value !== "object" || value instanceof Uint8Array) return undefined;
  return { ...value, metrics: value.metrics ?? [], parameters: value.parameters ?? [] };
}

function memberOf(template: Template | undefined, name: string | undefined): (MetricInput & PlainMetric) | undefined {
  return template?.metrics.find((member) => member.name === name);
}

function checkMembers(
  given: readonly { readonly name?: string }[],
  defined: readonly { readonly name?: string }[],
  templateRef: string,
): void {
  for (const { name } of given) {
    if (!defined.some((one) => one.name === name)) {
      throw new FplusError(
        "sparkplug.encode",
        `${name ?? "a member without a name"} is not in the template's definition`,
        {
          field: templateRef,
        },
      );
    }
  }
}
