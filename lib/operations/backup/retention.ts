/** How many backups are kept: the newest of each of so many days, weeks and months (grandfather, father, son). */
export interface Retention {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

/** What retention looks at. */
export interface Dated {
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/**
 * Which backups go. Of each of the last `daily` days, `weekly` weeks (from Monday) and `monthly` months that have one, the newest stays;
 * days are those of this machine's time zone. The newest of all always stays, so it is to be called after a backup is known to be good.
 */
export function outlived<T extends Dated>(backups: readonly T[], { daily, weekly, monthly }: Retention): T[] {
  const newestFirst = [...backups].sort((a, b) => b.time - a.time);
  const kept = new Set(newestFirst.slice(0, 1));
  const keepOnePer = (periodOf: (date: Date) => string, count: number): void => {
    const periods = new Set<string>();
    for (const backup of newestFirst) {
      const period = periodOf(new Date(backup.time));
      if (periods.has(period)) continue;
      if (periods.size >= count) return;
      periods.add(period);
      kept.add(backup);
    }
  };
  keepOnePer((date) => date.toDateString(), daily);
  keepOnePer((date) => mondayOf(date).toDateString(), weekly);
  keepOnePer((date) => `${date.getFullYear()}-${date.getMonth()}`, monthly);
  return newestFirst.filter((backup) => !kept.has(backup));
}

function mondayOf(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - ((date.getDay() + 6) % 7));
}
