import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTags, tableError } from "../../../lib/opcua/index.ts";

test("a table with 200 mistakes names the first, counts the rest and keeps its good lines", () => {
  const rows: unknown[] = Array.from({ length: 200 }, (_, i) => ({ device: "D", metric: `M${i}`, nodeId: `x=${i}` }));
  rows.push({ device: "D", metric: "Good", nodeId: "ns=2;s=Good" });
  const { tags, mistakes } = checkTags(rows);
  assert.deepEqual(tags, [{ device: "D", metric: "Good", nodeId: "ns=2;s=Good" }]);
  assert.equal(mistakes.length, 200);
  const error = tableError(mistakes);
  assert.equal(error.code, "opcua.tag-table");
  assert.equal(error.field, "tags[0].nodeId");
  assert.match(error.message, /^200 lines cannot be used: tags\[0\]\.nodeId "x=0" is no NodeId.* and 197 more$/);
});

test("every kind of mistake is told by its field", () => {
  const good = { device: "D", metric: "M", nodeId: "ns=2;i=7" };
  const cases: [unknown, string][] = [
    [null, "tags[0]."],
    [{ ...good, device: "" }, "tags[0].device"],
    [{ ...good, device: "a/b" }, "tags[0].device"],
    [{ ...good, metric: "" }, "tags[0].metric"],
    [{ ...good, nodeId: "ns=2;i=seven" }, "tags[0].nodeId"],
    [{ ...good, nodeId: "g=nonsense" }, "tags[0].nodeId"],
    [{ ...good, samplingMs: -1 }, "tags[0].samplingMs"],
    [{ ...good, deadband: "wide" }, "tags[0].deadband"],
  ];
  for (const [row, field] of cases) {
    const { tags, mistakes } = checkTags([row]);
    assert.deepEqual([tags.length, mistakes[0]?.field], [0, field]);
  }
  assert.deepEqual(checkTags([good, good]).mistakes, [{ field: "tags[1].metric", reason: "D/M is there twice" }]);
});
