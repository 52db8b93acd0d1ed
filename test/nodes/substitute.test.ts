import assert from "node:assert/strict";
import { test } from "node:test";
import { substitute } from "../../nodes/frame/index.ts";

test("a field that is a variable as a whole is replaced, with its default where there is none", () => {
  const lookup = (name: string): unknown => ({ URL: "mqtt://a", EMPTY: "" })[name];
  const cases = {
    plain: "plain",
    "${URL}": "mqtt://a",
    "${URL:-mqtt://b:1883}": "mqtt://a",
    "${NONE:-mqtt://b:1883}": "mqtt://b:1883",
    "${EMPTY:-on}": "on",
    "${NONE:-}": "",
    "${NONE}": "${NONE}",
    "a ${URL}": "a ${URL}",
  };
  for (const [value, expected] of Object.entries(cases)) assert.equal(substitute(value, lookup), expected, value);
});
