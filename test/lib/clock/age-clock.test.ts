import assert from "node:assert/strict";
import { test } from "node:test";
import { AgeClock } from "../../../lib/clock/index.ts";

test("a clock that leaps ahead deletes nothing for a day; samples that come with the right time set it back", () => {
  const day = 86_400_000;
  const now = 20_000 * day;
  const clock = new AgeClock(now);
  assert.equal(clock.now(now + 5000, 0, now + 4000), now + 4000, "the newest sample, where the clock is ahead");
  assert.equal(clock.now(now - 3_600_000, 0, now + 4000), now - 3_600_000, "the clock, where a sample is ahead");
  assert.equal(clock.now(now + 365 * day, 0, now), now, "a clock that is wrong by itself");
  for (const elapsed of [0, day / 2, day - 1])
    assert.equal(clock.now(now + 365 * day, elapsed, now + 365 * day), now, "samples with its wrong time");
  assert.equal(clock.now(now + day / 2, day, now + 365 * day), now + day / 2, "and set right");
  assert.equal(clock.now(now + 90 * day, day, now + 90 * day), now + day / 2, "after a stop of three months");
  assert.equal(clock.now(now + 91 * day, 2 * day, now + 91 * day), now + 91 * day, "a leap that lasts");
  assert.equal(new AgeClock(Number.NEGATIVE_INFINITY).now(now, 0, now), now, "an empty store");
});
