import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as hold, integer, property, record } from "fast-check";
import { outlived } from "../../../../lib/operations/index.ts";

const DAY = 86_400_000;
const times = array(integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }), { maxLength: 80 }).map((all) =>
  all.map((time) => ({ time })),
);
const counts = record({
  daily: integer({ min: 0, max: 10 }),
  weekly: integer({ min: 0, max: 10 }),
  monthly: integer({ min: 0, max: 10 }),
});
const keptOf = <T>(all: readonly T[], gone: readonly T[]): T[] => all.filter((one) => !gone.includes(one));

test("whatever there is and whatever is asked, the newest stays, nothing is invented, and no more stays than was asked for", () => {
  hold(
    property(times, counts, (all, retention) => {
      const gone = outlived(all, retention);
      assert.ok(gone.every((one) => all.includes(one)));
      assert.equal(new Set(gone).size, gone.length);
      const kept = keptOf(all, gone);
      if (all.length > 0) assert.ok(kept.some(({ time }) => time === Math.max(...all.map((one) => one.time))));
      const { daily, weekly, monthly } = retention;
      assert.ok(kept.length <= Math.max(1, daily + weekly + monthly));
    }),
  );
});

test("what was kept is kept again, and backups that come later never bring one back", () => {
  hold(
    property(times, counts, (all, retention) => {
      const kept = keptOf(all, outlived(all, retention));
      assert.deepEqual(outlived(kept, retention), []);
    }),
  );
});

test("each of the last days, weeks and months that has a backup keeps its newest", () => {
  hold(
    property(times, counts, (all, retention) => {
      const kept = keptOf(all, outlived(all, retention));
      const newestOf = (periodOf: (time: number) => string): Map<string, number> => {
        const newest = new Map<string, number>();
        for (const { time } of all.toSorted((a, b) => a.time - b.time)) newest.set(periodOf(time), time);
        return newest;
      };
      const day = newestOf((time) => new Date(time).toDateString());
      const month = newestOf(
        (time) =>
          new Date(time).toISOString().slice(0, 0) + new Date(time).getFullYear() + "/" + new Date(time).getMonth(),
      );
      for (const [newest, count] of [
        [day, retention.daily],
        [month, retention.monthly],
      ] as const) {
        for (const time of [...newest.values()].toSorted((a, b) => b - a).slice(0, count))
          assert.ok(kept.some((one) => one.time === time));
      }
    }),
  );
});

test("a year of nightly backups leaves seven days, four weeks and twelve months", () => {
  const all = Array.from({ length: 365 }, (_, i) => ({ time: new Date(2026, 0, 1 + i, 2).getTime() }));
  const kept = keptOf(all, outlived(all, { daily: 7, weekly: 4, monthly: 12 }));
  const ages = kept.map(({ time }) => Math.round((all.at(-1)!.time - time) / DAY));
  assert.deepEqual(ages.slice(-7), [6, 5, 4, 3, 2, 1, 0]);
  assert.ok(kept.length >= 18 && kept.length <= 23, `${kept.length} kept`);
  assert.equal(new Set(kept.map(({ time }) => new Date(time).getMonth())).size, 12);
});
