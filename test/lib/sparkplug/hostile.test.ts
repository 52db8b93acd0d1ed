import assert from "node:assert/strict";
import { test } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import {
  decodePayload,
  decodePlain,
  encodeCompressed,
  encodePlain,
  head,
  knownProperties,
} from "../../../lib/sparkplug/index.ts";

const MEGABYTE = 1024 * 1024;

/** A field: tag, length, content. */
function field(tag: number[], content: Uint8Array | number[]): Uint8Array {
  const length: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  return Uint8Array.from([...tag, ...length, ...content]);
}

function repeated(bytes: readonly number[], total: number): Uint8Array {
  return Uint8Array.from({ length: total }, (_, i) => bytes[i % bytes.length]!);
}

/** Microseconds of the processor that it takes to decode the bytes and read the properties of every metric. */
function costs(bytes: Uint8Array): number {
  const from = process.cpuUsage();
  try {
    const count = decodePayload(bytes);
    for (let i = 0; i < count; i++) knownProperties(i);
  } catch (error) {
    assert.ok(error instanceof FplusError, String(error));
  }
  const { user, system } = process.cpuUsage(from);
  return user + system;
}

test("nested templates and property sets end at a depth with a typed error, in no time", () => {
  let template: Uint8Array = Uint8Array.of();
  for (let depth = 0; depth < 60; depth++) template = field([0x12], field([0x92, 0x01], template));
  const payload = field([0x12], Uint8Array.from([0x20, 19, ...field([0x92, 0x01], template)]));
  const { metrics, faults } = decodePlain(payload);
  assert.equal(metrics.length, 0);
  assert.equal(faults?.[0]?.code, "sparkplug.limit");

  let set: Uint8Array = Uint8Array.of();
  for (let depth = 0; depth < 60; depth++) {
    set = Uint8Array.from([...field([0x0a], [0x61]), ...field([0x12], [0x08, 20, ...field([0x4a], set)])]);
  }
  const nested = decodePlain(field([0x12], [...field([0x4a], set), 0x50, 1]));
  assert.equal(nested.faults?.[0]?.code, "sparkplug.limit");
});

test("the time of hostile bytes grows with their number, not faster", () => {
  const cases: Record<string, (size: number) => Uint8Array> = {
    "empty metrics": (size) => repeated([0x12, 0x00], size),
    "broken metrics": (size) => repeated([0x12, 0x01, 0x08], size),
    "one metric of aliases": (size) => field([0x12], repeated([0x10, 0x01], size)),
    "one metric of split properties": (size) => field([0x12], repeated([0x4a, 0x00], size)),
    "one property set of empty keys and values": (size) =>
      field([0x12], field([0x4a], repeated([0x0a, 0x00, 0x12, 0x00], size))),
    "unknown groups": (size) => repeated([0x3b, 0x3c], size),
    "long varints": (size) => repeated([0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], size),
    zeros: (size) => new Uint8Array(size),
    "all bits": (size) => new Uint8Array(size).fill(0xff),
  };
  for (const [name, make] of Object.entries(cases)) {
    const small = make(64 * 1024);
    const large = make(MEGABYTE);
    const best = (bytes: Uint8Array): number => Math.min(...Array.from({ length: 5 }, () => costs(bytes)));
    best(small);
    // Sixteen times as many bytes; a quadratic way would take 256 times as long.
    const ratio = best(large) / Math.max(50, best(small));
    assert.ok(ratio < 64, `${name}: sixteen times the bytes take ${ratio.toFixed(0)} times as long`);
  }
});

test("a metric that cannot be read is named among the faults, its neighbours are there", () => {
  const good = encodePlain({ metrics: [{ name: "good", type: "Int32", value: -7 }] });
  const bytes = Uint8Array.from([...good, 0x12, 0x02, 0x0a, 0x09, ...good]);
  const { metrics, faults } = decodePlain(bytes);
  assert.deepEqual(
    metrics.map(({ name, value }) => [name, value]),
    [
      ["good", -7],
      ["good", -7],
    ],
  );
  assert.equal(faults?.length, 1);
  assert.equal(faults[0]?.code, "sparkplug.malformed");
  assert.equal(faults[0]?.offset, good.length + 3);
  assert.equal(head.broken, 1);
});

test("names that JavaScript knows are names like others", () => {
  const properties = JSON.parse(
    '{"__proto__":{"type":"Int32","value":1},"constructor":{"type":"Int32","value":2}}',
  ) as never;
  const { metrics } = decodePlain(
    encodePlain({ metrics: [{ name: "__proto__", type: "Int32", value: 5, properties }] }),
  );
  assert.equal(metrics[0]?.name, "__proto__");
  assert.deepEqual(Object.keys(metrics[0]?.properties ?? {}), ["__proto__", "constructor"]);
  assert.equal(({} as Record<string, unknown>)["type"], undefined);
});

test("a compressed payload is read, one that would become too large is refused", () => {
  const payload = { timestamp: 1_700_000_000_000, seq: 4, metrics: [{ name: "m", type: "Double", value: 1.5 }] };
  for (const algorithm of ["GZIP", "DEFLATE"] as const) {
    const { metrics, seq } = decodePlain(encodeCompressed(payload, algorithm));
    assert.deepEqual([metrics[0]?.name, metrics[0]?.value, seq], ["m", 1.5, 4]);
    const bomb = encodeCompressed(
      { metrics: [{ name: "b", type: "Bytes", value: new Uint8Array(15 * MEGABYTE) }] },
      algorithm,
    );
    assert.ok(bomb.length < 100_000);
    assert.equal(decodePlain(bomb).metrics.length, 1);
    const twice = encodePlain({ uuid: "SPBV1.0_COMPRESSED", body: encodeCompressed(payload, algorithm), metrics: [] });
    assert.throws(() => decodePlain(twice), { code: "sparkplug.malformed" });
  }
});

test("limits are errors with a way out", () => {
  assert.throws(() => decodePayload(new Uint8Array(0)), { code: "sparkplug.malformed", offset: 0 });
  assert.throws(() => decodePayload(new Uint8Array(17 * MEGABYTE)), { code: "sparkplug.limit" });
  assert.throws(() => decodePayload(repeated([0x12, 0x00], 300_000)), { code: "sparkplug.limit" });
});
