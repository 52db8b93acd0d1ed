import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { nextRunOf, type Schedule } from "../../../../lib/operations/index.ts";

const zone = process.env["TZ"];
afterEach(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

async function runs(schedule: Schedule, from: string, count = 3): Promise<string[]> {
  const next = await nextRunOf(schedule);
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count;) {
    at = next(at)!;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

test("every day at a time of this machine's zone, also where clocks change", async () => {
  process.env["TZ"] = "Europe/Berlin";
  const night: Schedule = { every: "day", at: "02:30" };
  assert.deepEqual(await runs(night, "2026-03-27T12:00Z", 4), [
    "2026-03-28T01:30",
    "2026-03-29T01:00",
    "2026-03-30T00:30",
    "2026-03-31T00:30",
  ]);
  const autumn = await runs(night, "2026-10-24T12:00Z", 3);
  assert.equal(autumn.at(-1), "2026-10-27T01:30");
  assert.equal(new Set(autumn.map((run) => run.slice(0, 10))).size, 3, "once a day");
  assert.deepEqual(await runs({ every: "day", at: "0:00" }, "2026-06-30T21:59Z", 1), ["2026-06-30T22:00"]);
});

test("so many hours after the one before, and by cron", async () => {
  assert.deepEqual(await runs({ every: "hours", hours: 6 }, "2026-01-01T01:07Z", 2), [
    "2026-01-01T07:07",
    "2026-01-01T13:07",
  ]);
  process.env["TZ"] = "UTC";
  const workdays: Schedule = { every: "cron", cron: "15 22 * * 1-5" };
  assert.deepEqual(await runs(workdays, "2026-11-27T12:00Z"), [
    "2026-11-27T22:15",
    "2026-11-30T22:15",
    "2026-12-01T22:15",
  ]);
  assert.deepEqual(await runs({ every: "cron", cron: "0 0 29 2 *" }, "2026-01-01T00:00Z", 1), ["2028-02-29T00:00"]);
  for (const never of ["0 0 30 2 *", "0 0 31 4,6 *"])
    assert.equal((await nextRunOf({ every: "cron", cron: never }))(0), undefined, never);
});

test("what is no time, number or expression is refused with its field", async () => {
  for (const at of ["", "2", "24:00", "12:60", "noon", "-1:00"])
    await assert.rejects(nextRunOf({ every: "day", at }), { code: "config.invalid", field: "at" }, at);
  for (const hours of [0, -1, Number.NaN, 1e9])
    await assert.rejects(nextRunOf({ every: "hours", hours }), { code: "config.invalid", field: "hours" });
  for (const cron of ["", "* * *", "61 * * * *", "every day", "0 0 * * mon-", "0 0 0 1 1 * 2020"])
    await assert.rejects(nextRunOf({ every: "cron", cron }), { code: "config.invalid", field: "cron" }, cron);
});
