const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/;
const RELATIVE = /^now(?:\s*([+-])\s*(.+))?$/i;

/** Milliseconds of `500ms`, `10s`, `1h 30m` or a plain number; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  const parts = text
    .trim()
    .toLowerCase()
    .match(/\d+(?:\.\d+)?\s*[a-z]+/g);
  if (parts === null) return /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
  if (parts.join("").replace(/\s/g, "") !== text.toLowerCase().replace(/\s/g, "")) return undefined;
  let sum = 0;
  for (const part of parts) {
    const found = DURATION.exec(part);
    if (found === null) return undefined;
    sum += Number(found[1]) * UNIT_MS[found[2]!]!;
  }
  return sum;
}

/** Milliseconds since the epoch of `now`, `now-1h`, a date like `2026-01-31T12:00:00Z`, or milliseconds; undefined otherwise. */
export function momentOf(text: string, now: number): number | undefined {
  const trimmed = text.trim();
  const relative = RELATIVE.exec(trimmed);
  if (relative !== null) {
    const [, sign, length] = relative;
    if (sign === undefined) return now;
    const duration = durationOf(length!);
    return duration === undefined ? undefined : now + (sign === "-" ? -duration : duration);
  }
  if (/^-?\d{5,}(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const time = /^\d{4}-\d\d/.test(trimmed) ? new Date(trimmed).getTime() : Number.NaN;
  return Number.isFinite(time) ? time : undefined;
}
