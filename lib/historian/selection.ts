import { isPattern, patternSource, pathMatcher } from "./pattern.ts";
import { pointOf } from "./point.ts";
import type { CheckedQuery } from "./query.ts";
import type { StoredSignal } from "./types.ts";

const LEVELS = ["enterprise", "site", "area", "line"] as const;

/** All tags of a signal by name: its own, or those of the point that it was. Absent ones are left out. */
export function tagsOf(signal: StoredSignal): Record<string, string> {
  const point = pointOf(signal);
  if (point !== undefined) return Object.fromEntries(point.tags);
  const { path, source, device, metric, unit, schema, hierarchy } = signal;
  const all: Record<string, string> = { path, source, device, metric, unit, schema };
  LEVELS.forEach((level, i) => (all[level] = hierarchy[i] ?? ""));
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** Answers whether a signal is one that the query asks for. */
export function signalMatcher(query: Pick<CheckedQuery, "signals" | "tags">): (signal: StoredSignal) => boolean {
  const named = pathMatcher(query.signals);
  const wanted = Object.entries(query.tags).map(([name, text]) => [name, textMatcher(text)] as const);
  return (signal) => {
    if (!named(signal.path)) return false;
    if (wanted.length === 0) return true;
    const tags = tagsOf(signal);
    return wanted.every(([name, matches]) => matches(tags[name] ?? ""));
  };
}

function textMatcher(text: string): (value: string) => boolean {
  if (!isPattern(text)) return (value) => value === text;
  const expression = new RegExp(patternSource(text), "s");
  return (value) => expression.test(value);
}
