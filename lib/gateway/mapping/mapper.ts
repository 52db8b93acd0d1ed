import { FplusError } from "../../errors/index.ts";
import { isNumeric, type SampleBatch, SampleFlag, type SampleValue, Status, ValueType } from "../../sample/index.ts";
import { CompiledRule, noCounts, type RuleCounts } from "./compiled-rule.ts";
import { along } from "./convert-value.ts";
import { Derivation } from "./derivation.ts";
import { circular } from "./derived.ts";
import type { FormulaCompiler } from "./formula.ts";
import { judgeNumber } from "./judge.ts";
import { Mapped } from "./mapped.ts";
import { RouteTable } from "./route-table.ts";
import type { Route } from "./route.ts";
import { checkRules, type RuleMistake } from "./rule.ts";
import { SlowWay } from "./slow-way.ts";
import { type RawWrite, writeBack } from "./write-back.ts";

/** How a map works. */
export interface MapperOptions {
  /** Source of the signals it makes; unlike those of the raw ones. */
  readonly name: string;
  /** Rows, as a flow holds them; see `MapRule`. */
  readonly rules: readonly unknown[];
  /** ISA-95 path of metrics whose rule names none, `/` between levels; blank keeps the source's. */
  readonly path?: string;
  /** Whether tags that no rule is for go on under their own names. */
  readonly passUnmapped: boolean;
  readonly compile: FormulaCompiler;
}

/**
 * From raw tags to the plant's own names: names, units, scales, types, formulas, derived metrics, and rules that a value has
 * to keep. A tag's way is found once; numbers then go lane by lane.
 */
export class Mapper {
  /** Rows that cannot be used. */
  readonly mistakes: readonly RuleMistake[];
  samples = 0;
  /** Samples of tags that no rule is for. */
  unmapped = 0;
  readonly #passUnmapped: boolean;
  readonly #rules: readonly CompiledRule[];
  readonly #routes: RouteTable;
  readonly #derivation: Derivation;

  constructor(options: MapperOptions) {
    const { rules, mistakes } = checkRules(options.rules, options.compile);
    const compiled = [...rules].map(([row, rule]) => new CompiledRule(row, rule, options.compile));
    const rings: CompiledRule[] = [];
    const usable = (): CompiledRule[] => compiled.filter((rule) => !rings.includes(rule));
    for (let ring = circular(usable()); ring !== undefined; ring = circular(usable())) rings.push(ring);
    this.mistakes = [
      ...mistakes,
      ...rings.map(({ row }) => ({ row, field: "formula" as const, reason: "leads back to itself" })),
    ].sort((a, b) => a.row - b.row);
    this.#rules = usable();
    this.#passUnmapped = options.passUnmapped;
    const hierarchy = options.path?.trim() ? options.path.split("/").map((level) => level.trim()) : undefined;
    this.#routes = new RouteTable(this.#rules, options.name, hierarchy);
    this.#derivation = new Derivation(this.#routes);
  }

  /**
   * Maps a batch. A promise where a formula takes time: hand in the next batch when it is fulfilled, so that order stays.
   * Never throws for what a value or a formula is: that is in the result.
   */
  map(batch: SampleBatch): Mapped | Promise<Mapped> {
    const out = new Mapped(batch.length);
    const now = Date.now();
    for (let i = 0; i < batch.length; i++) {
      const wait = this.#sample(batch, i, out, now);
      if (wait !== undefined) return this.#rest(batch, i + 1, out, now, wait);
    }
    return this.#derivation.flush(out)?.then(() => handedOn(batch, out)) ?? handedOn(batch, out);
  }

  /** Says which tags have been silent for longer than their rule allows, each once a silence. */
  checkSilence(now = Date.now()): Mapped | Promise<Mapped> {
    const out = new Mapped(1);
    for (const route of this.#routes.known) {
      const { rule } = route;
      if (rule === undefined || route.isSilent || now - route.arrived <= rule.staleMs) continue;
      route.isSilent = true;
      rule.counts.stale += 1;
      const reason = `no value for ${Math.round((now - route.arrived) / 1000)} s`;
      const type = route.out.type || ValueType.Double;
      out.addBad(route.out.id, type, null, now, 0, { kind: "stale", status: Status.BadTimeout, reason });
      this.#derivation.feed(route.feeds, null, now, Status.BadTimeout, reason);
    }
    return this.#derivation.flush(out)?.then(() => out) ?? out;
  }

  /** Whether any rule watches for silence. */
  get watchesSilence(): boolean {
    return this.#rules.some(({ isDerived, staleMs }) => !isDerived && staleMs < Number.POSITIVE_INFINITY);
  }

  /** The rules in use, with their counters. */
  get rules(): readonly CompiledRule[] {
    return this.#rules;
  }

  /** Tags that have come by and that no rule is for. */
  get unmappedTags(): number {
    return this.#routes.unmapped;
  }

  /** Counters of all rules together, and of what no rule is for. */
  totals(): RuleCounts & { samples: number; unmapped: number; derived: number; conflicts: number } {
    const sum = noCounts();
    for (const { counts } of this.#rules)
      for (const kind of Object.keys(sum) as (keyof RuleCounts)[]) sum[kind] += counts[kind];
    const { samples, unmapped } = this;
    return { ...sum, samples, unmapped, derived: this.#derivation.derived, conflicts: this.#routes.conflicts };
  }

  /** What a device of the source is called here; several where its tags go to several. */
  devicesOf(device: string): string[] {
    const names = this.#routes.known.flatMap(({ raw, out }) => (raw.device === device ? [out.device] : []));
    return names.length === 0 ? [device] : [...new Set(names)];
  }

  /**
   * A write to one of our metrics, under the source's own name and in its unit.
   * @throws FplusError `map.write` where no tag of that name has come by, or it cannot be written; see `writeBack`
   */
  rawWrite(device: string, metric: string, value: SampleValue): RawWrite {
    const route = this.#routes.known.find(({ out }) => out.device === device && out.metric === metric);
    if (route !== undefined) return writeBack(route, value);
    throw new FplusError("map.write", `no tag has become ${device}/${metric} yet`, {
      field: `${device}/${metric}`,
      hint: "Derived metrics cannot be written; others can when their tag has given a value.",
    });
  }

  /** The ways of all tags that have come by. */
  routes(): readonly Readonly<Route>[] {
    return this.#routes.known;
  }

  async #rest(batch: SampleBatch, from: number, out: Mapped, now: number, first: Promise<void>): Promise<Mapped> {
    await first;
    for (let i = from; i < batch.length; i++) await this.#sample(batch, i, out, now);
    await this.#derivation.flush(out);
    return handedOn(batch, out);
  }

  #sample(batch: SampleBatch, i: number, out: Mapped, now: number): Promise<void> | undefined {
    const route = this.#routes.of(batch.signal[i]!);
    this.samples += 1;
    route.count += 1;
    route.arrived = now;
    route.isSilent = false;
    const isNumber = isNumeric(batch.type[i]!) && (batch.flags[i]! & SampleFlag.Null) === 0;
    if (isNumber) {
      route.lastNumber = batch.f64[i]!;
      route.lastOther = undefined;
    } else route.lastOther = batch.value(i);
    const wait = route.feeds.length === 0 ? undefined : this.#derivation.settle(batch.timeMs[i]!, out);
    if (wait !== undefined) return wait.then(() => this.#through(route, batch, i, isNumber, out));
    return this.#through(route, batch, i, isNumber, out);
  }

  #through(route: Route, batch: SampleBatch, i: number, isNumber: boolean, out: Mapped): Promise<void> | undefined {
    const { rule } = route;
    if (rule === undefined) {
      this.unmapped += 1;
      if (this.#passUnmapped) out.good.addFrom(batch, i);
      if (route.feeds.length > 0)
        this.#derivation.feed(route.feeds, batch.value(i), batch.timeMs[i]!, batch.status[i]!, "");
      return undefined;
    }
    if (!isNumber || !route.isPlain) return new SlowWay(this.#derivation, route, rule, batch, i, out).go();
    const value = route.changesNumber ? along(route.line, batch.f64[i]!) : batch.f64[i]!;
    const type = rule.type || (route.changesNumber ? ValueType.Double : batch.type[i]!);
    const time = batch.timeMs[i]!;
    const status = batch.status[i]!;
    // What the source itself calls bad is not judged once more.
    const fault = status >= Status.Bad ? undefined : judgeNumber(rule, route, value, time);
    if (fault === undefined) {
      const at = out.good.add(route.out.id, type, time, batch.timeNs[i]!, status);
      out.good.f64[at] = value;
      out.good.flags[at] = batch.flags[i]!;
      rule.counts.mapped += 1;
      if (route.out.type !== type) route.out.type = type as ValueType;
    } else {
      rule.counts[fault.kind] += 1;
      out.addBad(route.out.id, type, value, time, batch.timeNs[i]!, fault);
    }
    if (route.feeds.length > 0)
      this.#derivation.feed(route.feeds, value, time, fault?.status ?? status, fault?.reason ?? "");
    return undefined;
  }
}

/** Who stores the good values confirms the batch; where there are none, nobody will. */
function handedOn(batch: SampleBatch, out: Mapped): Mapped {
  if (out.good.length > 0) out.good.receipt = batch.receipt;
  else batch.receipt?.confirm();
  return out;
}
