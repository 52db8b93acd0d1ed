import { type SampleValue, type Signal, signals } from "../../sample/index.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import type { Track } from "./judge.ts";

/** One input of a derived metric: its newest sample. */
interface Slot {
  readonly name: string;
  time: number;
  status: number;
  /** Why a rule found it bad; empty where none did. */
  reason: string;
}

/** A derived metric of one device. */
export class DerivedMetric {
  readonly rule: CompiledRule;
  readonly signal: Signal;
  readonly track: Track = { goodValue: Number.NaN, goodTime: Number.NaN };
  /** Values of the inputs by name, as the formula takes them. */
  readonly scope: Record<string, SampleValue> = {};
  readonly #slots: readonly Slot[];
  #missing: number;
  isDue = false;

  constructor(rule: CompiledRule, signal: Signal) {
    this.rule = rule;
    this.signal = signal;
    const inputs = rule.formula?.inputs ?? [];
    this.#slots = inputs.map((name) => ({ name, time: Number.NEGATIVE_INFINITY, status: 0, reason: "" }));
    this.#missing = inputs.length;
  }

  /** Takes an input's sample; false where it is older than the one known, and so changes nothing. */
  take(input: number, value: SampleValue, time: number, status: number, reason: string): boolean {
    const slot = this.#slots[input]!;
    if (time < slot.time) return false;
    if (slot.time === Number.NEGATIVE_INFINITY) this.#missing -= 1;
    this.scope[slot.name] = value;
    slot.time = time;
    slot.status = status;
    slot.reason = reason;
    return true;
  }

  /** Whether every input has come. */
  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /**
   * Time, status and reason of the result. The time is that of the newest input, the status that of the worst. The oldest
   * input must not lie further back than the rule's staleness: the result would mix what was with what is.
   */
  circumstances(): { time: number; status: number; reason: string } {
    let newest = Number.NEGATIVE_INFINITY;
    let oldest: Slot | undefined;
    let status = 0;
    let reason = "";
    for (const slot of this.#slots) {
      newest = Math.max(newest, slot.time);
      if (oldest === undefined || slot.time < oldest.time) oldest = slot;
      if (slot.status >>> 30 > status >>> 30) status = slot.status;
      if (slot.reason !== "" && reason === "") reason = `${slot.name}: ${slot.reason}`;
    }
    if (reason === "" && oldest !== undefined && newest - oldest.time > this.rule.staleMs)
      reason = `${oldest.name} is ${Math.round((newest - oldest.time) / 1000)} s older`;
    return { time: newest, status, reason };
  }
}

/** Where a sample goes that a derived metric is made of. */
export interface Feed {
  readonly derived: DerivedMetric;
  readonly input: number;
}

/** The derived metrics of all devices, made as their inputs appear. */
export class DerivedMetrics {
  readonly #rules: readonly CompiledRule[];
  readonly #made = new Map<string, DerivedMetric>();
  readonly #signalOf: (device: string, metric: string, rule: CompiledRule, like: Signal) => Signal | undefined;

  constructor(
    rules: readonly CompiledRule[],
    signalOf: (device: string, metric: string, rule: CompiledRule, like: Signal) => Signal | undefined,
  ) {
    this.#rules = rules;
    this.#signalOf = signalOf;
  }

  get size(): number {
    return this.#made.size;
  }

  /** What a metric of a device goes into. */
  feedsOf(signal: Signal): Feed[] {
    return this.#rules.flatMap((rule) => {
      const input = rule.formula?.inputs.indexOf(signal.metric) ?? -1;
      if (input < 0) return [];
      const derived = this.#derived(rule, signal);
      return derived === undefined ? [] : [{ derived, input }];
    });
  }

  #derived(rule: CompiledRule, like: Signal): DerivedMetric | undefined {
    const device = rule.derivedDevice(like.device);
    const name = rule.rule.name;
    if (device === undefined || name === undefined) return undefined;
    const key = JSON.stringify([rule.row, like.source, like.device]);
    let derived = this.#made.get(key);
    if (derived === undefined) {
      const signal = this.#signalOf(device, name, rule, like);
      if (signal === undefined) return undefined;
      derived = new DerivedMetric(rule, signals.get(signal.id));
      this.#made.set(key, derived);
    }
    return derived;
  }
}

/** The first derived rule whose formula leads back to its own name; undefined where there is none. */
export function circular(rules: readonly CompiledRule[]): CompiledRule | undefined {
  const byName = Map.groupBy(rules, (rule) => rule.rule.name ?? "");
  const leadsTo = (name: string, target: string, seen: Set<string>): boolean =>
    (byName.get(name) ?? []).some((rule) =>
      (rule.formula?.inputs ?? []).some((input) => {
        if (input === target) return true;
        if (seen.has(input)) return false;
        seen.add(input);
        return leadsTo(input, target, seen);
      }),
    );
  return rules.find(({ rule: { name = "" } }) => leadsTo(name, name, new Set()));
}
