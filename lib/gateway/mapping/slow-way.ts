import { type SampleBatch, SampleFlag, type SampleValue, Status, ValueType } from "../../sample/index.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import { along, fitted, numberOf } from "./convert-value.ts";
import type { Derivation } from "./derivation.ts";
import { type Fault, judge, notFitting } from "./judge.ts";
import type { Mapped } from "./mapped.ts";
import type { Route } from "./route.ts";

/** One sample's way with all that there may be: texts, integers, nulls, formulas, values allowed. */
export class SlowWay {
  readonly #derivation: Derivation;
  readonly #route: Route;
  readonly #rule: CompiledRule;
  readonly #batch: SampleBatch;
  readonly #i: number;
  readonly #out: Mapped;
  readonly #raw: SampleValue;

  constructor(derivation: Derivation, route: Route, rule: CompiledRule, batch: SampleBatch, i: number, out: Mapped) {
    this.#derivation = derivation;
    this.#route = route;
    this.#rule = rule;
    this.#batch = batch;
    this.#i = i;
    this.#out = out;
    this.#raw = batch.value(i);
  }

  go(): Promise<void> | undefined {
    const { changesNumber, refusal, line } = this.#route;
    const raw = this.#raw;
    if (refusal !== "") {
      this.#bad(raw, this.#own, { kind: "unit", status: Status.BadConfigurationError, reason: refusal });
    } else if (raw === null) this.#good(null, this.#rule.type || this.#own);
    else if (changesNumber || this.#rule.needsNumber) {
      const number = numberOf(raw);
      if (number === undefined) this.#bad(raw, this.#own, notFitting(raw, undefined));
      else if (changesNumber) return this.#calculate(along(line, number));
      else return this.#calculate(typeof raw === "string" ? number : raw);
    } else return this.#calculate(raw);
    return undefined;
  }

  get #own(): ValueType {
    return this.#batch.type[this.#i] as ValueType;
  }

  #calculate(value: SampleValue): Promise<void> | undefined {
    const { formula } = this.#rule;
    if (formula === undefined) {
      this.#fit(value, value !== this.#raw);
      return undefined;
    }
    const give = (result: unknown): void => this.#fit(result, true);
    const failed = (error: unknown): void => {
      const reason = this.#out.addError(this.#rule, error, this.#route.raw.path);
      this.#bad(this.#raw, this.#own, { kind: "formula", status: Status.BadInternalError, reason });
    };
    try {
      const result = formula.evaluate({ value, raw: this.#raw });
      if (result instanceof Promise) return result.then(give, failed);
      give(result);
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  #fit(value: unknown, isCalculated: boolean): void {
    // A formula without a value has none to give.
    if (value === undefined) return;
    const rule = this.#rule;
    const fit =
      rule.type === ValueType.Unknown && !isCalculated
        ? { value: value as SampleValue, type: this.#own }
        : value === null
          ? { value: null, type: rule.type || this.#own }
          : fitted(value, rule.type);
    if (fit === undefined) {
      this.#bad(this.#raw, this.#own, notFitting(value, rule.rule.type));
      return;
    }
    const isJudged = fit.value !== null && this.#batch.status[this.#i]! < Status.Bad;
    const fault = isJudged ? judge(rule, this.#route, fit.value, this.#batch.timeMs[this.#i]!) : undefined;
    if (fault === undefined) this.#good(fit.value, fit.type);
    else this.#bad(fit.value, fit.type, fault);
  }

  #good(value: SampleValue, type: ValueType): void {
    const [batch, i, { good }] = [this.#batch, this.#i, this.#out];
    this.#route.out.type = type;
    this.#rule.counts.mapped += 1;
    good.addValue(this.#route.out.id, type, value, batch.timeMs[i]!, batch.timeNs[i]!, batch.status[i]!);
    good.flags[good.length - 1]! |= batch.flags[i]! & ~SampleFlag.Null;
    this.#feed(value, batch.status[i]!, "");
  }

  #bad(value: SampleValue, type: ValueType, fault: Fault): void {
    const [batch, i] = [this.#batch, this.#i];
    this.#rule.counts[fault.kind] += 1;
    this.#out.addBad(this.#route.out.id, type, value, batch.timeMs[i]!, batch.timeNs[i]!, fault);
    this.#feed(value, fault.status, fault.reason);
  }

  #feed(value: SampleValue, status: number, reason: string): void {
    if (this.#route.feeds.length > 0)
      this.#derivation.feed(this.#route.feeds, value, this.#batch.timeMs[this.#i]!, status, reason);
  }
}
