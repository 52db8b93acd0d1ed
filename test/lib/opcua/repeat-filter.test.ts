import assert from "node:assert/strict";
import { test } from "node:test";
import { RepeatFilter } from "../../../lib/opcua/repeat-filter.ts";
import { SampleBatch, ValueType } from "../../../lib/sample/index.ts";

test("the same value at the same time is dropped once more; another value, time or status is not", () => {
  const filter = new RepeatFilter();
  const batch = (
    ...rows: readonly (readonly [signal: number, value: number | string, timeMs: number, status?: number])[]
  ) => {
    const made = new SampleBatch();
    for (const [signal, value, timeMs, status = 0] of rows) {
      const type = typeof value === "string" ? ValueType.String : ValueType.Double;
      made.addValue(signal, type, value, timeMs, 0, status);
    }
    return made;
  };
  const first = batch([1, 5, 100], [2, "on", 100], [1, 5, 101]);
  assert.equal(filter.apply(first), 0);
  const again = batch([1, 5, 101], [2, "on", 100], [1, 6, 101], [2, "off", 100], [2, "off", 100, 0x480], [3, 0, 100]);
  assert.equal(filter.apply(again), 2);
  assert.deepEqual(
    Array.from({ length: again.length }, (_, i) => [again.signal[i], again.value(i), again.status[i]]),
    [
      [1, 6, 0],
      [2, "off", 0],
      [2, "off", 0x480],
      [3, 0, 0],
    ],
  );
  assert.equal(filter.apply(batch([1, Number.NaN, 102])), 0);
  assert.equal(filter.apply(batch([1, Number.NaN, 102])), 1);
  assert.equal(filter.apply(batch([100_000, 1, 1])), 0);
});
