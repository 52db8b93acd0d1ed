import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as hold, asyncProperty, constantFrom, double, integer, letrec, oneof, tuple } from "fast-check";
import jsonata from "jsonata";
import { formulaOf } from "../../../../lib/gateway/index.ts";

const number = oneof(
  integer({ min: -5, max: 5 }),
  double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
);
const name = constantFrom("v", "i", "`Motor/Speed`");

/** Texts of formulas, of numbers and of truth values. */
const { value } = letrec<{ value: string; truth: string }>((tie) => ({
  value: oneof(
    { maxDepth: 4 },
    name,
    integer({ min: 0, max: 9 }).map(String),
    tuple(tie("value"), constantFrom("+", "-", "*", "/", "%"), tie("value")).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tuple(constantFrom("$abs", "$floor", "$ceil", "$sqrt"), tie("value")).map(([f, a]) => `${f}(${a})`),
    tie("value").map((a) => `-(${a})`),
    tuple(tie("truth"), tie("value"), tie("value")).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
  ),
  truth: oneof(
    { maxDepth: 4 },
    tuple(tie("value"), constantFrom("=", "!=", "<", "<=", ">", ">="), tie("value")).map(
      ([a, op, b]) => `(${a} ${op} ${b})`,
    ),
    tuple(tie("truth"), constantFrom("and", "or"), tie("truth")).map(([a, op, b]) => `(${a} ${op} ${b})`),
  ),
}));

async function settled(run: () => unknown): Promise<unknown> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error: (error as { code?: string }).code };
  }
}

test("a calculated formula gives what JSONata gives, its errors too", async () => {
  let fast = 0;
  await hold(
    asyncProperty(value, number, number, number, async (text, v, i, speed) => {
      const scope = { v, i, "Motor/Speed": speed };
      const formula = formulaOf(jsonata(text));
      const ours = await settled(() => {
        const result = formula.evaluate(scope);
        if (!(result instanceof Promise)) fast++;
        return result;
      });
      assert.deepEqual(ours, await settled(() => jsonata(text).evaluate(scope)), text);
    }),
    { numRuns: 600 },
  );
  assert.ok(fast > 200, `only ${fast} were calculated`);
});

test("what a formula is made of", () => {
  const inputs = (text: string) => formulaOf(jsonata(text)).inputs.toSorted();
  assert.deepEqual(inputs("v * i"), ["i", "v"]);
  assert.deepEqual(inputs("`Motor/Current` > 5 ? $round(t.x, 1) : u[t > 1]"), ["Motor/Current", "t", "u"]);
  assert.deepEqual(inputs("{ 'a': v, 'b': [w, $sum(x)] }"), ["v", "w", "x"]);
  assert.deepEqual(inputs("($k := 2; v * $k)"), ["v"]);
  assert.deepEqual(inputs("1 + 1"), []);
});

test("values that are no numbers, and what is more than arithmetic, are JSONata's", async () => {
  assert.equal(await formulaOf(jsonata("a & '-' & b")).evaluate({ a: "x", b: 1 }), "x-1");
  assert.equal(await formulaOf(jsonata("a = b")).evaluate({ a: "x", b: "x" }), true);
  assert.equal(formulaOf(jsonata("a > 0 ? b / a")).evaluate({ a: 0, b: 1 }), undefined);
  assert.equal(formulaOf(jsonata("a > 0 ? b / a")).evaluate({ a: 2, b: 1 }), 0.5);
  assert.equal(await formulaOf(jsonata("a * b")).evaluate({ a: 2 }), undefined);
  await assert.rejects(async () => formulaOf(jsonata("a * 2")).evaluate({ a: "x" }), { code: "T2001" });
});
