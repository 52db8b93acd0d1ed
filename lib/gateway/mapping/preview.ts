import { SampleBatch, type SampleValue, type Signal, typeOfValue, ValueType } from "../../sample/index.ts";
import { CompiledRule, type RuleCounts } from "./compiled-rule.ts";
import { Derivation } from "./derivation.ts";
import { DerivedMetric } from "./derived.ts";
import type { FormulaCompiler } from "./formula.ts";
import { Mapped } from "./mapped.ts";
import type { Mapper } from "./mapper.ts";
import { newRoute, type Route } from "./route.ts";
import { RouteTable } from "./route-table.ts";
import { checkRules, type MapRule } from "./rule.ts";
import { SlowWay } from "./slow-way.ts";

/** What a row does with the newest value of the first tag that it is for. */
export interface RowPreview {
  /** The field at fault and why; left out where the row can be used. */
  readonly mistake?: { readonly field: keyof MapRule; readonly reason: string };
  /** `device/tag`, and what becomes of it; left out where no such tag has come yet. */
  readonly tag?: string;
  readonly target?: string;
  readonly raw?: SampleValue;
  readonly rawUnit?: string;
  readonly value?: SampleValue;
  readonly unit?: string;
  /** Why the value is bad. */
  readonly reason?: string;
  /** Tags that the row is for, as far as they have come by. */
  readonly tags: number;
  /** Counters of the row, where it is deployed as it is. */
  readonly counts?: RuleCounts;
}

/** Shows what rows would do, deployed or not, with the newest values that a running map has seen. */
export async function previewRows(
  rows: readonly unknown[],
  mapper: Mapper | undefined,
  compile: FormulaCompiler,
): Promise<RowPreview[]> {
  const deployed = new Map(mapper?.rules.map(({ rule, counts }) => [JSON.stringify(rule), counts]));
  const routes = mapper?.routes() ?? [];
  return Promise.all(
    rows.map(async (row) => {
      const { rules, mistakes } = checkRules([row], compile);
      const rule = rules.get(0);
      if (rule === undefined) return { mistake: mistakes[0]!, tags: 0 };
      const counts = deployed.get(JSON.stringify(rule));
      const compiled = new CompiledRule(0, rule, compile);
      const shown = compiled.isDerived ? await derivedRow(compiled, routes) : await tagRow(compiled, routes);
      return { ...shown, ...(counts === undefined ? {} : { counts }) };
    }),
  );
}

async function tagRow(rule: CompiledRule, routes: readonly Readonly<Route>[]): Promise<RowPreview> {
  const fitting = routes.filter(({ raw }) => rule.target(raw) !== undefined);
  const route = fitting.find(({ rule: used }) => used === undefined || used.rule.tag === rule.rule.tag) ?? fitting[0];
  if (route === undefined) return { tags: 0 };
  const target = rule.target(route.raw)!;
  const { value, reason } = await mapped(rule, route);
  const unit = isConvertible(rule, route) ? rule.unitFrom(route.raw.unit) : route.raw.unit;
  return {
    tags: fitting.length,
    tag: `${route.raw.device}/${route.raw.metric}`,
    target: `${target.device}/${target.metric}`,
    raw: newest(route),
    rawUnit: rule.rule.fromUnit ?? route.raw.unit,
    value,
    unit,
    ...(reason === "" ? {} : { reason }),
  };
}

async function derivedRow(rule: CompiledRule, routes: readonly Readonly<Route>[]): Promise<RowPreview> {
  const inputs = rule.formula?.inputs ?? [];
  const devices = new Set(routes.map(({ out }) => out.device).filter((name) => rule.derivedDevice(name) !== undefined));
  const complete = [...devices].flatMap((device) => {
    const own = inputs.map((input) => routes.find(({ out }) => out.device === device && out.metric === input));
    return own.every((route) => route !== undefined) ? [{ device, own }] : [];
  });
  const first = complete[0];
  if (first === undefined) return { tags: 0 };
  const signal = detached(rule.derivedDevice(first.device)!, rule.rule.name ?? "", ValueType.Double);
  const derived = new DerivedMetric(rule, signal);
  for (const [input, route] of first.own.entries()) {
    const { value, reason } =
      route.rule === undefined ? { value: newest(route), reason: "" } : await mapped(route.rule, route);
    derived.take(input, value, 0, 0, reason);
  }
  const out = new Mapped(1);
  const derivation = new Derivation(new RouteTable([], "preview", undefined));
  await derivation.derive(derived, out);
  return {
    tags: complete.length,
    target: `${signal.device}/${signal.metric}`,
    value: out.good.length > 0 ? out.good.value(0) : (out.bad?.value(0) ?? null),
    unit: rule.unitFrom(""),
    ...(out.reasons[0] === undefined ? {} : { reason: out.reasons[0] }),
  };
}

/** The newest raw value through a rule, without a trace in the running map. */
async function mapped(
  rule: CompiledRule,
  { raw, ...seen }: Readonly<Route>,
): Promise<{ value: SampleValue; reason: string }> {
  const value = newest({ raw, ...seen });
  const batch = new SampleBatch(1);
  batch.addValue(0, value === null || typeof value === "object" ? raw.type : fittingType(raw.type, value), value, 0);
  const route = newRoute(rule, raw, detached("", "", raw.type), []);
  const trial = new CompiledRule(0, rule.rule, () => rule.formula!);
  const out = new Mapped(1);
  await new SlowWay(new Derivation(new RouteTable([], "preview", undefined)), route, trial, batch, 0, out).go();
  if (out.good.length > 0) return { value: out.good.value(0), reason: "" };
  return { value: out.bad?.value(0) ?? null, reason: out.reasons[0] ?? "" };
}

function isConvertible(rule: CompiledRule, { raw }: Readonly<Route>): boolean {
  return newRoute(rule, raw, raw, []).refusal === "";
}

function newest({ lastNumber, lastOther, raw }: Readonly<Route>): SampleValue {
  if (lastOther !== undefined) return lastOther;
  return raw.type === ValueType.Boolean ? lastNumber !== 0 : lastNumber;
}

function fittingType(own: ValueType, value: SampleValue): ValueType {
  return own === ValueType.Unknown || (typeof value === "string") !== (own === ValueType.String)
    ? typeOfValue(value)
    : own;
}

/** A signal that no registry knows. */
function detached(device: string, metric: string, type: ValueType): Signal {
  return { id: 0, path: "", source: "", device, metric, type, unit: "", schema: "", hierarchy: [] };
}
