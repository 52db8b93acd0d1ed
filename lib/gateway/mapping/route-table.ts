import { type Signal, signals, ValueType } from "../../sample/index.ts";
import { type CompiledRule, exactKeyOf } from "./compiled-rule.ts";
import { DerivedMetrics, type Feed } from "./derived.ts";
import { newRoute, type Route } from "./route.ts";

/** Where raw tags go: each is looked up among the rules once, at its first sample. */
export class RouteTable {
  readonly #source: string;
  readonly #hierarchy: readonly string[] | undefined;
  readonly #exact = new Map<string, CompiledRule>();
  readonly #patterns: readonly CompiledRule[];
  readonly #derived: DerivedMetrics;
  readonly #byId: (Route | undefined)[] = [];
  readonly #known: Route[] = [];
  /** Who gives which output signal: two raw tags must not mix under one name. */
  readonly #givers = new Map<number, string>();
  conflicts = 0;
  /** Tags that came by and no rule is for. */
  unmapped = 0;

  /** `source` is that of the signals made, `hierarchy` theirs where a rule has none. */
  constructor(rules: readonly CompiledRule[], source: string, hierarchy: readonly string[] | undefined) {
    this.#source = source;
    this.#hierarchy = hierarchy;
    const direct = rules.filter(({ isDerived }) => !isDerived);
    for (const rule of direct) if (rule.exactKey !== undefined) this.#exact.set(rule.exactKey, rule);
    this.#patterns = direct.filter(({ exactKey }) => exactKey === undefined);
    this.#derived = new DerivedMetrics(
      rules.filter(({ isDerived }) => isDerived),
      (device, metric, rule, like) =>
        this.#output(device, metric, rule, like, `row ${rule.row + 1} for ${like.source}/${like.device}`),
    );
  }

  get known(): readonly Route[] {
    return this.#known;
  }

  /** The way of a raw signal; found anew when its source has changed its unit. */
  of(id: number): Route {
    const route = this.#byId[id];
    return route === undefined || route.rawUnit !== route.raw.unit ? this.#find(id, route) : route;
  }

  /** The derived metrics that a signal goes into. */
  feedsOf(signal: Signal): readonly Feed[] {
    return this.#derived.feedsOf(signal);
  }

  #find(id: number, before: Route | undefined): Route {
    const raw = signals.get(id);
    const [rule, target] = this.#ruleFor(raw);
    const out = rule && target && this.#output(target.device, target.metric, rule, raw, raw.path);
    const used = out === undefined ? undefined : rule;
    const route = {
      ...newRoute(used, raw, out ?? raw, this.#derived.feedsOf(out ?? raw)),
      count: before?.count ?? 0,
      ...(rule !== undefined && out === undefined ? { refusal: "another tag has that name already" } : {}),
    };
    if ((before !== undefined && before.rule === undefined) !== (used === undefined))
      this.unmapped += used === undefined ? 1 : -1;
    this.#byId[id] = route;
    if (before === undefined) this.#known.push(route);
    else this.#known[this.#known.indexOf(before)] = route;
    return route;
  }

  /** A rule that names the tag comes before those with wildcards, and of these the first. */
  #ruleFor(raw: Signal): [rule?: CompiledRule, target?: { device: string; metric: string }] {
    const exact = this.#exact.get(exactKeyOf(raw.device, raw.metric));
    const candidates = exact === undefined ? this.#patterns : [exact];
    for (const rule of candidates) {
      const target = rule.target(raw);
      if (target !== undefined) return [rule, target];
    }
    return [];
  }

  /** The signal that a tag or a formula gives; undefined, and counted, where another gives it already. */
  #output(device: string, metric: string, rule: CompiledRule, like: Signal, giver: string): Signal | undefined {
    const signal = signals.intern({
      source: this.#source,
      device,
      metric,
      hierarchy: rule.hierarchy ?? this.#hierarchy ?? like.hierarchy,
      ...(rule.type === ValueType.Unknown ? {} : { type: rule.type }),
    });
    const other = this.#givers.get(signal.id);
    if (signal.id === like.id || (other !== undefined && other !== giver)) {
      this.conflicts += 1;
      return undefined;
    }
    this.#givers.set(signal.id, giver);
    signal.unit = rule.unitFrom(rule.isDerived ? "" : like.unit);
    return signal;
  }
}
