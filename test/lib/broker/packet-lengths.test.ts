import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { packPacketLengths } from "../../../lib/broker/packet-lengths.ts";

const { writeToStream } = createRequire(import.meta.url)("mqtt-packet") as {
  readonly writeToStream: (packet: object, stream: { write: (part: Buffer | string) => boolean }) => boolean;
};

/** The part of a publish of that many bytes that tells its length. */
function lengthOf(bytes: number): Buffer {
  const parts: (Buffer | string)[] = [];
  const publish = { cmd: "publish", topic: "t", qos: 0, payload: Buffer.alloc(bytes) };
  writeToStream(publish, { write: (part) => parts.push(part) > 0 });
  return parts[1] as Buffer;
}

test("lengths of packets that are kept lie side by side in few buffers", () => {
  packPacketLengths("mqtt");
  packPacketLengths("aedes");
  const kept = Array.from({ length: 16_000 }, (_, bytes) => lengthOf(bytes));
  assert.ok(kept.every((one) => Buffer.isBuffer(one)));
  assert.equal(kept[200]![0]! - 0x80 + kept[200]![1]! * 128, 203);
  assert.equal(lengthOf(200), kept[200]);
  const slabs = new Set(kept.map(({ buffer }) => buffer));
  assert.ok(slabs.size <= 20, `${slabs.size} buffers`);
});
