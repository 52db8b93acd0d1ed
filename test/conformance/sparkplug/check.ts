import assert from "node:assert/strict";
import type { Recording } from "./recording.ts";

/** Throws where the recording goes against the assertion. */
export type Check = (recording: Recording) => void;

/** All of a list, which must not be empty: a check of nothing proves nothing. */
export function every<T>(list: readonly T[], holds: (one: T, index: number) => boolean, what = ""): void {
  assert.ok(list.length > 0, "the scenario shows none");
  const odd = list.findIndex((one, index) => !holds(one, index));
  if (odd >= 0)
    assert.fail(
      `${what || "not so"}: ${JSON.stringify(list[odd], (_key, value: unknown) => shorten(value)).slice(0, 400)}`,
    );
}

/** That much, with the figures in the message. */
export function equal<T>(actual: T, expected: T): void {
  assert.deepEqual(actual, expected);
}

function shorten(value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.length} bytes` : typeof value === "bigint" ? String(value) : value;
}
