import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { FplusError } from "../../errors/index.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { Points } from "../points.ts";
import type { Damage } from "./damage.ts";
import type { Series } from "./series.ts";

/** One acknowledged batch as bytes: its lanes as they lie in memory, because this is written before every write resolves. */
const Lane = { Ns: 1, Status: 2, Text: 4, Checked: 8 } as const;
const MAX_SAMPLES = 16_000_000;

/** @param series id in the store of every point */
export function encodeJournal(points: Points, series: Uint32Array): Uint8Array {
  const size = points.length;
  const ns = points.ns.subarray(0, size);
  const status = points.status.subarray(0, size);
  const hasNs = ns.some((value) => value !== 0);
  const hasStatus = status.some((value) => value !== 0);
  const texts = Object.entries(points.text).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const writer = new ByteWriter(size * 29 + 64);
  writer.varint(size);
  writer.byte(
    Lane.Checked | (hasNs ? Lane.Ns : 0) | (hasStatus ? Lane.Status : 0) | (texts.length > 0 ? Lane.Text : 0),
  );
  writer.lane(series.subarray(0, size));
  writer.lane(points.ms.subarray(0, size));
  if (hasNs) writer.lane(ns);
  if (hasStatus) writer.lane(status);
  writer.lane(points.type.subarray(0, size));
  writer.lane(points.bits.subarray(0, size * 2));
  if (texts.length > 0) {
    writer.varint(texts.length);
    for (const [index, text] of texts) {
      writer.varint(Number(index));
      writer.text(text);
    }
  }
  writer.lane(Uint32Array.of(crc32(writer.take())));
  return writer.take();
}

/**
 * The points of a journal row; their signal lane holds ids of the store.
 * @throws FplusError `historian.io` when it is damaged
 */
export function decodeJournal(row: Uint8Array): Points {
  const reader = new ByteReader(row);
  const size = reader.varint();
  if (size > MAX_SAMPLES) throw new FplusError("historian.io", `a journal row claims ${size} samples`);
  const lanes = reader.byte();
  if ((lanes & Lane.Checked) !== 0) {
    const [sum] = new ByteReader(row.subarray(row.length - 4)).u32(1);
    if (sum !== crc32(row.subarray(0, row.length - 4))) {
      throw new FplusError("historian.io", "a journal row is damaged");
    }
  }
  const points: Points = {
    length: size,
    signal: reader.u32(size),
    ms: reader.f64(size),
    ns: (lanes & Lane.Ns) === 0 ? new Uint32Array(size) : reader.u32(size),
    status: (lanes & Lane.Status) === 0 ? new Uint32Array(size) : reader.u32(size),
    type: reader.raw(size).slice(),
    bits: reader.u32(size * 2),
    text: [],
  };
  if ((lanes & Lane.Text) !== 0) {
    for (let left = reader.varint(); left > 0; left--) points.text[reader.varint()] = reader.text();
  }
  return points;
}

/** The batches of the journal in their order, with the series of every point. A row that is damaged is set aside, the rest goes on. */
export function* readJournal(
  database: DatabaseSync,
  byId: readonly (Series | undefined)[],
  damage: Damage,
): Generator<{ points: Points; series: Series[] }> {
  const read = database.prepare("select data from journal where id = ?");
  const leave = database.prepare("delete from journal where id = ?");
  for (const { id } of database.prepare("select id from journal order by id").all() as { id: number }[]) {
    const { data } = read.get(id) as { data: Uint8Array };
    const batch = batchOf(data, byId);
    if (batch !== undefined) yield batch;
    else damage.setAside({ series: 0, t0: 0, t1: 0, samples: 0, data }, () => void leave.run(id));
  }
}

function batchOf(
  data: Uint8Array,
  byId: readonly (Series | undefined)[],
): { points: Points; series: Series[] } | undefined {
  try {
    const points = decodeJournal(data);
    const series = Array.from(points.signal, (id) => byId[id]);
    return series.every((one) => one !== undefined) ? { points, series } : undefined;
  } catch {
    return undefined;
  }
}
