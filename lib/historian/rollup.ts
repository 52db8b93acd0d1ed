import { FplusError } from "../errors/index.ts";

/** A roll-up: of every signal and window the count, sum, minimum, maximum, first and last number, kept longer than the samples. */
export interface RollUp {
  /** Width of its windows in milliseconds, aligned to the epoch. */
  readonly windowMs: number;
  /** Days that it is kept; 0 = for ever. */
  readonly keepDays: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Windows below this would be hardly fewer than the samples. */
const LEAST_MS = 1000;

/**
 * Reads roll-ups from text: `1m 90d, 1h` is a minute's kept for 90 days and an hour's kept for ever.
 * @throws FplusError `config.invalid` naming the field
 */
export function parseRollUps(text: string, field = "rollUps"): RollUp[] {
  const parts = text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const rollUps = parts.map((part): RollUp => {
    const [, count, unit, days] = /^(\d+)\s*([smhd])(?:\s+(\d+)\s*d)?$/.exec(part) ?? [];
    const windowMs = Number(count) * (UNITS[unit ?? ""] ?? Number.NaN);
    if (!(windowMs >= LEAST_MS)) {
      const hint = "Write a window and how long it is kept, as 1m 90d, 1h 0d; without days it is kept for ever.";
      throw new FplusError("config.invalid", `not a roll-up: ${part}`, { field, hint });
    }
    return { windowMs, keepDays: Number(days ?? 0) };
  });
  return rollUps.sort((a, b) => a.windowMs - b.windowMs);
}

/** The width of a roll-up as text: `5m`. */
export function windowText(windowMs: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, ms]) => windowMs % ms === 0) ?? ["s", 1000];
  return `${windowMs / size}${unit}`;
}
