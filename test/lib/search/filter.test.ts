import assert from "node:assert/strict";
import { test } from "node:test";
import { array, assert as hold, constantFrom, property } from "fast-check";
import { FplusError } from "../../../lib/errors/index.ts";
import { attributesOf, parseFilter } from "../../../lib/search/filter.ts";

test("AND binds closer than OR, NOT closer than both, brackets closest", () => {
  const is = (attribute: string) => ({ kind: "compare", attribute, operator: "=", value: "1" }) as const;
  assert.deepEqual(parseFilter("a = 1 OR b = 1 AND NOT c = 1"), {
    kind: "or",
    parts: [is("a"), { kind: "and", parts: [is("b"), { kind: "not", part: is("c") }] }],
  });
  assert.deepEqual(parseFilter("(a = 1 or b=1) and c= 1"), {
    kind: "and",
    parts: [{ kind: "or", parts: [is("a"), is("b")] }, is("c")],
  });
  assert.equal(parseFilter("  "), undefined);
});

test("texts may hold quotes, signs and keywords", () => {
  const value = (text: string): unknown => (parseFilter(`a = ${text}`) as { value?: unknown }).value;
  assert.equal(value(`'it\\'s'`), "it's");
  assert.equal(value(`"say \\"x\\" AND (y)"`), 'say "x" AND (y)');
  assert.equal(value("'AND'"), "AND");
  assert.equal(value("Line-1/Press.2"), "Line-1/Press.2");
  assert.equal(value("-1.5e3"), "-1.5e3");
  assert.deepEqual(attributesOf(parseFilter(`'my attribute' EXISTS AND b.c IN ["x", 'y',] OR d 1 TO 2`)!), [
    "my attribute",
    "b.c",
    "d",
  ]);
});

test("a mistake is said with its place", () => {
  for (const [text, message] of [
    ["a", /expected one of =/],
    ["a = ", /expected a value at character/],
    ["a = 'x", /quote is not closed/],
    ["(a = 1", /bracket is not closed/],
    ["a = 1 b = 2", /unexpected b/],
    ["a IN [1 2]", /expected , or \]/],
    ["a IS 1", /expected NULL or EMPTY/],
    ["_geoRadius(1, 2, 3)", /map/],
    [`${"(".repeat(200)}a = 1${")".repeat(200)}`, /too many brackets/],
    ["a = 1 OR ".repeat(5000) + "a = 1", /too long/],
  ] as [string, RegExp][]) {
    assert.throws(
      () => parseFilter(text),
      (error: FplusError) => error.code === "search.filter" && message.test(error.message),
      text.slice(0, 40),
    );
  }
});

test("whatever is written ends in a filter or in a typed error", () => {
  const words = [
    "a",
    "=",
    "!=",
    "<",
    ">=",
    "(",
    ")",
    "[",
    "]",
    ",",
    "AND",
    "OR",
    "NOT",
    "IN",
    "EXISTS",
    "IS",
    "NULL",
    "TO",
    "'x'",
    '"',
    "'",
    "\\",
    "1",
    "é",
  ];
  hold(
    property(array(constantFrom(...words), { maxLength: 30 }), constantFrom("", " "), (parts, gap) => {
      try {
        parseFilter(parts.join(gap));
      } catch (error) {
        assert.ok(error instanceof FplusError && error.code === "search.filter", String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
