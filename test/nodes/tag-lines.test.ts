import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTagLines } from "../../nodes/fplus-opcua-read/tag-lines.ts";

test("a pasted table is read with commas or tabs, with or without a heading", () => {
  const expected = [
    { device: "Press", metric: "Temp", nodeId: "ns=2;s=T", samplingMs: 500, deadband: 0.5, unit: "Cel" },
    { device: "Press", metric: "Load", nodeId: "nsu=urn:x;s=L" },
  ];
  const lines = [
    ["Press", "Temp", "ns=2;s=T", "500", "0.5", "Cel"],
    ["Press", "Load", "nsu=urn:x;s=L"],
  ];
  for (const separator of [",", "\t"]) {
    const text = lines.map((line) => line.join(separator)).join("\r\n");
    assert.deepEqual(parseTagLines(text), expected);
    assert.deepEqual(parseTagLines(`Device${separator}Metric${separator}NodeId\n${text}\n\n`), expected);
  }
});
