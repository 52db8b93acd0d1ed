import { FplusError } from "../../errors/index.ts";
import { SampleBatch, type SampleValue } from "../../sample/index.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import type { Fault } from "./judge.ts";

/** What a batch becomes. */
export class Mapped {
  /** Samples under the plant's names, and those that no rule is for if they are passed on. */
  readonly good: SampleBatch;
  /** Samples that broke a rule, with a bad status. */
  bad: SampleBatch | undefined;
  /** Why, sample by sample of `bad`. */
  readonly reasons: string[] = [];
  /** The first error of each formula that failed. */
  readonly errors = new Map<CompiledRule, FplusError>();

  constructor(capacity: number) {
    this.good = new SampleBatch(capacity);
  }

  addBad(
    signal: number,
    type: number,
    value: SampleValue,
    time: number,
    nanos: number,
    { status, reason }: Fault,
  ): void {
    this.bad ??= new SampleBatch(16);
    this.bad.addValue(signal, type, value, time, nanos, status);
    this.reasons.push(reason);
  }

  addError(rule: CompiledRule, error: unknown, name: string): string {
    const text = formulaText(error);
    if (!this.errors.has(rule)) {
      this.errors.set(
        rule,
        new FplusError("map.formula", `${name}: ${text}`, {
          field: `rules[${rule.row}].formula`,
          hint: "Its values go to the second output; the others go on.",
          cause: error,
        }),
      );
    }
    return `formula: ${text}`;
  }
}

/** JSONata throws plain objects. */
function formulaText(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" ? message : String(error);
}
