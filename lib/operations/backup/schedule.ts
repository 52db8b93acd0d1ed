import type { CronosExpression } from "cronosjs";
import { FplusError, messageOf } from "../../errors/index.ts";

/** When backups are made, in this machine's time zone. */
export type Schedule =
  /** Every day at a time, `02:00`. */
  | { readonly every: "day"; readonly at: string }
  /** So many hours after the one before. */
  | { readonly every: "hours"; readonly hours: number }
  /** An expression of cron: minute, hour, day of month, month, day of week. */
  | { readonly every: "cron"; readonly cron: string };

/** Tells when the next backup is due after one; undefined = never. Milliseconds since the epoch. */
export type NextRun = (after: number) => number | undefined;

const HOUR_MS = 3_600_000;

/**
 * Reads a schedule. A time that a day does not have, because clocks go forward, comes when they have.
 * @throws FplusError `config.invalid` naming `at`, `hours` or `cron`
 */
export async function nextRunOf(schedule: Schedule): Promise<NextRun> {
  switch (schedule.every) {
    case "hours": {
      const { hours } = schedule;
      if (hours > 0 && hours <= 24 * 366) return (after) => after + hours * HOUR_MS;
      throw new FplusError("config.invalid", `not a number of hours: ${hours}`, {
        field: "hours",
        hint: "Use 1 for every hour.",
      });
    }
    case "day": {
      const [, hour, minute] = /^(\d{1,2}):(\d\d)$/.exec(schedule.at.trim()) ?? [];
      if (Number(hour) < 24 && Number(minute) < 60) return await cronRun(`${Number(minute)} ${Number(hour)} * * *`);
      throw new FplusError("config.invalid", `not a time of day: ${schedule.at}`, {
        field: "at",
        hint: "Write it like 02:00.",
      });
    }
    case "cron":
      return await cronRun(schedule.cron);
  }
}

async function cronRun(cron: string): Promise<NextRun> {
  const { CronosExpression } = await import("cronosjs");
  const fields = cron.trim().split(/\s+/);
  try {
    if (fields.length !== 5) throw new Error(`${fields.length} fields instead of 5`);
    const parse = (expression: string): CronosExpression => CronosExpression.parse(expression, { strict: true });
    const expression = parse(cron.trim());
    const [, , day, month, weekday] = fields as [string, string, string, string, string];
    // The library would look for the 30th of February for ever.
    if (/^[*?]$/.test(weekday) && !hasDay(parse(`0 0 ${day} 1 *`), parse(`0 0 1 ${month} *`))) return () => undefined;
    return (after) => expression.nextDate(new Date(after))?.getTime();
  } catch (cause) {
    throw new FplusError("config.invalid", `not an expression of cron: ${cron} (${messageOf(cause)})`, {
      field: "cron",
      hint: "Write minute, hour, day of month, month and day of week: 0 2 * * 1-5 for two o'clock on working days.",
      cause,
    });
  }
}

/** Whether one of those months is long enough for one of those days. */
function hasDay(days: CronosExpression, months: CronosExpression): boolean {
  const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const start = new Date(2023, 11, 31, 12);
  const first = days.nextDate(start)?.getDate() ?? 32;
  return months.nextNDates(start, 12).some((month) => first <= longest[month.getMonth()]!);
}
