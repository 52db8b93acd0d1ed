import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceCondition, DeviceStatus } from "../../lib/gateway/index.ts";
import { readStatus, type ReadStatusParts } from "../../nodes/fplus-opcua-read/read-status.ts";

const WELL: ReadStatusParts = {
  endpoint: { state: "up", stateAge: 12_000, reason: "", certificateDays: undefined },
  reader: { active: 1200, refused: 0, revised: false },
  choice: { isEmpty: false, isAsking: false },
  rate: 40,
  waits: false,
  devices: [],
  of: 3,
};

function device(name: string, state: DeviceCondition): DeviceStatus {
  return { device: name, state, reason: "why", at: 0 };
}

test("the status of a reader says the states of its devices in the words of its second output", () => {
  const text = (more: Partial<ReadStatusParts>): string => readStatus({ ...WELL, ...more }).join(": ");
  assert.equal(text({}), "up: 1,200 tags · 40/s");
  assert.equal(text({ devices: [device("A", "stale")] }), "warning: 1,200 tags · 40/s · A stale");
  const two = [device("A", "error"), device("B", "error")];
  assert.equal(text({ devices: two }), "warning: 1,200 tags · 40/s · 2 error");
  assert.equal(text({ devices: two, of: 2 }), "down: 1,200 tags · 40/s · all error");
  assert.equal(text({ devices: [device("A", "offline")], of: 1 }), "down: 1,200 tags · 40/s · offline");
  assert.equal(
    text({ devices: [device("A", "stale"), device("B", "offline")] }),
    "warning: 1,200 tags · 40/s · B offline",
    "the worst",
  );
  const down = { state: "down", stateAge: 12_000, reason: "connection refused", certificateDays: undefined } as const;
  assert.equal(text({ endpoint: down, devices: two, of: 2 }), "down: offline 12 s · connection refused");
});

test("what else there is to say of a reader, one thing at a time", () => {
  const text = (more: Partial<ReadStatusParts>): string => readStatus({ ...WELL, ...more }).join(": ");
  const none = { isEmpty: true, isAsking: false };
  assert.equal(text({ choice: none }), "warning: no tags chosen");
  assert.equal(text({ choice: none, waits: true }), "idle: waits for a table of tags");
  assert.equal(text({ endpoint: { ...WELL.endpoint, state: "connecting" } }), "busy: connecting");
  const nothing = { active: 0, refused: 0, revised: false };
  assert.equal(text({ reader: nothing }), "busy: subscribing");
  assert.equal(text({ reader: nothing, choice: { isEmpty: false, isAsking: true } }), "busy: browsing");
  assert.equal(text({ reader: { ...WELL.reader, refused: 2 } }), "warning: 1,200 tags · 40/s · 2 refused");
  assert.equal(text({ reader: { active: 1, refused: 0, revised: true } }), "up: 1 tag · 40/s · revised");
  const ends = (certificateDays: number) => ({ endpoint: { ...WELL.endpoint, certificateDays } });
  assert.equal(text(ends(20)), "up: 1,200 tags · 40/s · certificate 20 d");
  assert.equal(text(ends(3)), "warning: 1,200 tags · 40/s · certificate 3 d");
  assert.equal(text(ends(-1)), "warning: 1,200 tags · 40/s · certificate expired");
});
