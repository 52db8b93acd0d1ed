import assert from "node:assert/strict";
import { test } from "node:test";
import { readTagCsv, writeTagCsv } from "../../nodes/tag-table/tag-csv.ts";
import { TagModel } from "../../nodes/editor/opcua/tag-model.ts";
import { cellText, type TagRow, withCell } from "../../nodes/tag-table/tag-row.ts";

test("a pasted table is read with commas, semicolons or tabs, with or without a heading", () => {
  const expected = [
    { device: "Press", metric: "Temp", nodeId: "ns=2;s=T", samplingMs: 500, deadband: 0.5, unit: "Cel" },
    { device: "Press", metric: "Load", nodeId: "nsu=urn:x;s=L" },
  ];
  const lines = [
    ["Press", "Temp", '"ns=2;s=T"', "500", "0.5", "Cel"],
    ["Press", "Load", '"nsu=urn:x;s=L"'],
  ];
  for (const separator of [",", "\t", ";"]) {
    const text = lines.map((line) => line.join(separator)).join("\r\n");
    assert.deepEqual(readTagCsv(text).rows, expected);
    const heading = ["Device", "Metric", "NodeId", "Sampling", "Deadband", "Unit"].join(separator);
    const short = lines.map((line) => [...line, "", "", ""].slice(0, 6).join(separator)).join("\n");
    assert.deepEqual(readTagCsv(`\uFEFF${heading}\n${short}\n\n`), { rows: expected, mistakes: [] });
  }
});

test("exports of other programs are understood by their headings", () => {
  const kepware = `Tag Name,Address,Data Type,Scan Rate,Eng Units\nLine1/Press/Temp,ns=2;s=C.D.T,Float,250,C`;
  assert.deepEqual(readTagCsv(kepware).rows, [
    { device: "Press", metric: "Temp", nodeId: "ns=2;s=C.D.T", samplingMs: 250, unit: "C", hierarchy: ["Line1"] },
  ]);
  const neuron = `group,name,address,attribute,type\nPress,Temp,2!Press.Temp,Read,FLOAT\nPress,Load,3!17,Read,FLOAT`;
  assert.deepEqual(
    readTagCsv(neuron).rows.map(({ nodeId }) => nodeId),
    ["ns=2;s=Press.Temp", "ns=3;i=17"],
  );
  const ignition = `Tag Path,OPC Item Path,Deadband Percent\nPress/Temp,nsu=urn:x;s=T,5`;
  assert.deepEqual(readTagCsv(ignition).rows, [
    { device: "Press", metric: "Temp", nodeId: "nsu=urn:x;s=T", deadbandPercent: 5 },
  ]);
});

test("damaged lines are told by their number, good ones are kept, and odd numbers stay to be seen", () => {
  const { rows, mistakes } = readTagCsv(
    'Press,Temp,ns=2;s=T\nPress,Load\nPress,Speed,ns=2;s=S,fast\nPress,"Open,ns=2;s=X',
  );
  assert.deepEqual(
    rows.map(({ metric, samplingMs }) => [metric, samplingMs]),
    [
      ["Temp", undefined],
      ["Speed", "fast"],
    ],
  );
  assert.deepEqual(
    mistakes.map(({ line }) => line),
    [2, 4],
  );
});

test("what is exported comes back the same, templates and percent too", () => {
  const rows: TagRow[] = [
    { device: "Press, old", metric: 'A"B', nodeId: "/Objects/2:Line", deadbandPercent: 2.5, trigger: "timestamp" },
    { device: "PressType", metric: "Load", nodeId: "/2:Load", type: "nsu=urn:x;i=1001", queueSize: 5, unit: "%" },
    { device: "D", metric: "M", nodeId: "ns=2;i=7", hierarchy: ["Acme", "Line1"], samplingMs: 100, deadband: 1 },
  ];
  assert.deepEqual(readTagCsv(writeTagCsv(rows)), { rows, mistakes: [] });
});

test("a cell takes percent as such, and an empty text takes the field away", () => {
  const row: TagRow = { device: "D", metric: "M", nodeId: "i=1", deadband: 1 };
  const percent = withCell(row, "deadband", " 2,5 % ");
  assert.deepEqual(percent, { device: "D", metric: "M", nodeId: "i=1", deadbandPercent: 2.5 });
  assert.equal(cellText(percent, "deadband"), "2.5%");
  assert.deepEqual(withCell(percent, "deadband", ""), { device: "D", metric: "M", nodeId: "i=1" });
});

test("the table sorts, filters, edits many, takes back and does again", () => {
  let changes = 0;
  const rows: TagRow[] = Array.from({ length: 5000 }, (_, i) => ({
    device: `D${i % 7}`,
    metric: `M${i}`,
    nodeId: `ns=2;i=${i}`,
  }));
  const model = new TagModel(rows, () => void changes++);
  model.sortBy("metric");
  model.sortBy("metric");
  assert.deepEqual(model.view.slice(0, 2), [4999, 4998]);
  model.filter("d3 m49", false);
  assert.ok(model.view.length > 10 && model.view.every((i) => rows[i]!.device === "D3"));
  model.write(model.view, "samplingMs", "250");
  assert.equal(model.rows[model.view[0]!]!.samplingMs, 250);
  model.remove(model.view);
  assert.equal(model.view.length, 0);
  model.undo();
  model.undo();
  assert.deepEqual(model.rows, rows);
  assert.equal(model.canUndo, false);
  model.redo();
  assert.equal(model.rows[model.view[0]!]!.samplingMs, 250);
  assert.equal(model.add([rows[0]!, { device: "D", metric: "New", nodeId: "i=1" }]), 1);
  model.judge([{ row: 5, field: "nodeId", reason: "is none" }]);
  model.filter("", true);
  assert.deepEqual(model.view, [5]);
  assert.ok(changes >= 8);
});
