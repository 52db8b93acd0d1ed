import assert from "node:assert/strict";
import { test } from "node:test";
import { rowOf, rowsFromTable, ruleOf, tableOf } from "../../nodes/fplus-map/rule-row.ts";

test("a pasted table: named columns in any order, tabs, semicolons or commas, quotes", () => {
  assert.deepEqual(rowsFromTable("Press*\tTemp\ttemperature\tCel\n\nMill1\tX\t\t\n"), [
    { device: "Press*", tag: "Temp", name: "temperature", unit: "Cel" },
    { device: "Mill1", tag: "X" },
  ]);
  assert.deepEqual(rowsFromTable('Tag;maxRate;NAME;allowed\r\nS;2.5;"state; of ""it""";"run, stop"\r\n'), [
    { tag: "S", maxRate: "2.5", name: 'state; of "it"', allowed: "run, stop" },
  ]);
  assert.deepEqual(rowsFromTable("tag,unknown,name\na,b,c"), [{ tag: "a", name: "c" }]);
  assert.deepEqual(rowsFromTable("name,formula\npower,v * i"), [{ name: "power", formula: "v * i" }]);
  assert.deepEqual(rowsFromTable(""), []);
});

test("what is copied can be pasted again", () => {
  const rows = [
    { device: "Press*", tag: "T", name: "t", rawLow: "0", clamp: "true" },
    { name: "power", formula: 'v\t* "i"\n+ 1' },
  ];
  assert.deepEqual(rowsFromTable(tableOf(rows)), rows);
});

test("a row is saved with numbers as numbers and without blanks; what is no number stays to be named", () => {
  const rule = ruleOf({ tag: " T ", min: "0", max: "1e3", maxRate: "fast", clamp: "x", unit: "" });
  assert.deepEqual(rule, { tag: "T", min: 0, max: 1000, maxRate: "fast", clamp: true });
  assert.deepEqual(ruleOf(rowOf(rule)), rule);
  assert.deepEqual(ruleOf({ clamp: "no" }), {});
});

test("ten thousand rows are read at once", () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `M${i}\tT${i}\tt${i}\tCel`);
  assert.equal(rowsFromTable(lines.join("\n")).length, 10_000);
});
