import { type SampleValue, Status, ValueType } from "../../sample/index.ts";
import { fitted } from "./convert-value.ts";
import type { DerivedMetric, Feed } from "./derived.ts";
import { type Fault, judge, notFitting } from "./judge.ts";
import type { Mapped } from "./mapped.ts";
import type { RouteTable } from "./route-table.ts";

/** Formulas that lead to one another at most. */
const LONGEST_CHAIN = 16;

/** Calculates derived metrics when their inputs have changed. */
export class Derivation {
  readonly #routes: RouteTable;
  readonly #due: DerivedMetric[] = [];
  #time = Number.NaN;
  derived = 0;

  constructor(routes: RouteTable) {
    this.#routes = routes;
  }

  /** A sample that derived metrics are made of; `reason` says why a rule found it bad. */
  feed(feeds: readonly Feed[], value: SampleValue, time: number, status: number, reason: string): void {
    for (const { derived, input } of feeds) {
      if (!derived.take(input, value, time, status, reason) || derived.isDue) continue;
      derived.isDue = true;
      this.#due.push(derived);
      this.#time = time;
    }
  }

  /** Calculates what is due before a sample of another time comes: inputs of one time belong together. */
  settle(time: number, out: Mapped): Promise<void> | undefined {
    return this.#due.length > 0 && time !== this.#time ? this.flush(out) : undefined;
  }

  /** Calculates what is due, and what is made of that. */
  flush(out: Mapped, round = 0): Promise<void> | undefined {
    if (this.#due.length === 0 || round > LONGEST_CHAIN) return undefined;
    const due = this.#due.splice(0);
    for (const derived of due) derived.isDue = false;
    const waits = due.flatMap((derived) => this.derive(derived, out) ?? []);
    if (waits.length === 0) return this.flush(out, round + 1);
    return Promise.all(waits).then(() => this.flush(out, round + 1));
  }

  /** Calculates one derived metric now. */
  derive(derived: DerivedMetric, out: Mapped): Promise<void> | undefined {
    const { rule, scope, signal } = derived;
    if (!derived.isComplete || rule.formula === undefined) return undefined;
    const give = (value: unknown): void => this.#give(derived, value, out);
    const failed = (error: unknown): void =>
      this.#bad(derived, null, ValueType.Double, out, {
        kind: "formula",
        status: Status.BadInternalError,
        reason: out.addError(rule, error, signal.path),
      });
    // What is made of nothing is nothing.
    if (Object.values(scope).includes(null)) {
      give(null);
      return undefined;
    }
    try {
      const result = rule.formula.evaluate(scope);
      if (result instanceof Promise) return result.then(give, failed);
      give(result);
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  #give(derived: DerivedMetric, value: unknown, out: Mapped): void {
    if (value === undefined) return;
    const { rule, signal, track } = derived;
    const fit = value === null ? { value, type: rule.type || ValueType.Double } : fitted(value, rule.type);
    if (fit === undefined) {
      this.#bad(derived, null, ValueType.Double, out, notFitting(value, rule.rule.type));
      return;
    }
    const { time, status, reason } = derived.circumstances();
    const isBad = status >= Status.Bad;
    const fault: Fault | undefined =
      reason !== ""
        ? { kind: "stale", status: isBad ? status : Status.BadTimeout, reason }
        : fit.value === null || isBad
          ? undefined
          : judge(rule, track, fit.value, time);
    if (fault !== undefined) {
      this.#bad(derived, fit.value, fit.type, out, fault);
      return;
    }
    signal.type = fit.type;
    rule.counts.mapped += 1;
    this.derived += 1;
    out.good.addValue(signal.id, fit.type, fit.value, time, 0, status);
    this.feed(this.#routes.feedsOf(signal), fit.value, time, status, "");
  }

  #bad(derived: DerivedMetric, value: SampleValue, type: ValueType, out: Mapped, fault: Fault): void {
    const { time } = derived.circumstances();
    derived.rule.counts[fault.kind] += 1;
    out.addBad(derived.signal.id, type, value, time, 0, fault);
    this.feed(this.#routes.feedsOf(derived.signal), value, time, fault.status, fault.reason);
  }
}
