import { FplusError } from "../../errors/index.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";
import { compress, decompress, uncompressed } from "../compress.ts";
import { doublesOf } from "../points.ts";
import { Column } from "./column.ts";
import { readPacked, writePacked } from "./packed-integers.ts";

/**
 * A chunk: some samples of one series as bytes.
 * Times are packed integers. Values take the tightest of three forms that gives every bit back: scaled integers, packed
 * (what sensors with two decimals send), 32-bit floats, 64 bits; the latter two XORed with their predecessor and split
 * into byte planes, so that the compressor finds the runs. Layout 2 of the file held varints in their place.
 */
const Lane = { Ns: 1, Status: 2, Type: 4, Text: 8, PackedTimes: 16 } as const;
const Form = { Scaled: 0, Float: 1, Wide: 2, Packed: 3 } as const;
const MAX_SAMPLES = 1_000_000;
/** Scales of decimals. */
const FACTORS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;
/** Packed samples of more bytes than this are noise, in which a compressor finds nothing. */
const NOISE_BYTES = 0.7;

/** Columns up to this size are put together in one place, again and again. */
const SCRATCH_SAMPLES = 4096;
const scratch = new ByteWriter(64 * 1024);

/** Packs one column of a chunk; `decodeColumn` reads it back exactly. */
export function encodeColumn(column: Column): Uint8Array {
  const size = column.length;
  const writer = size <= SCRATCH_SAMPLES ? scratch : new ByteWriter(size * 10 + 64);
  writer.length = 0;
  const lanes =
    (column.ns === undefined ? 0 : Lane.Ns) |
    (column.status === undefined ? 0 : Lane.Status) |
    (column.type === undefined ? 0 : Lane.Type) |
    (column.text === undefined ? 0 : Lane.Text) |
    Lane.PackedTimes;
  writer.varint(size);
  writer.byte(lanes);
  writer.byte(column.uniform);
  writePacked(writer, column.ms.subarray(0, size));
  if (column.ns !== undefined) for (let i = 0; i < size; i++) writer.varint(column.ns[i]!);
  if (column.status !== undefined) encodeRuns(writer, column.status, size);
  if (column.type !== undefined) encodeRuns(writer, column.type, size);
  const isPacked = encodeValues(writer, column.bits.subarray(0, size * 2));
  if (column.text !== undefined) {
    for (let i = 0; i < size; i++) {
      const text = column.text[i];
      writer.byte(text === undefined ? 0 : 1);
      if (text !== undefined) writer.text(text);
    }
  }
  const bytes = writer.take();
  return isPacked && column.text === undefined && bytes.length > size * NOISE_BYTES
    ? uncompressed(bytes)
    : compress(bytes);
}

/** @throws FplusError `historian.io` when the blob is damaged */
export function decodeColumn(blob: Uint8Array): Column {
  const reader = new ByteReader(decompress(blob));
  const size = reader.varint();
  if (size > MAX_SAMPLES) throw new FplusError("historian.io", `a stored block claims ${size} samples`);
  const lanes = reader.byte();
  const column = new Column(1);
  column.length = size;
  column.uniform = reader.byte();
  column.ms = (lanes & Lane.PackedTimes) === 0 ? decodeTimes(reader, size) : readPacked(reader, size);
  if ((lanes & Lane.Ns) !== 0) column.ns = Uint32Array.from({ length: size }, () => reader.varint());
  if ((lanes & Lane.Status) !== 0) column.status = decodeRuns(reader, new Uint32Array(size));
  if ((lanes & Lane.Type) !== 0) column.type = decodeRuns(reader, new Uint8Array(size));
  column.bits = decodeValues(reader, size);
  if ((lanes & Lane.Text) !== 0) {
    column.text = [];
    for (let i = 0; i < size; i++) if (reader.byte() === 1) column.text[i] = reader.text();
  }
  return column;
}

function decodeTimes(reader: ByteReader, size: number): Float64Array {
  const ms = new Float64Array(size);
  let last = 0;
  let step = 0;
  for (let i = 0; i < size; i++) {
    const now = step + reader.zigzag();
    last += now;
    ms[i] = last;
    step = i === 0 ? 0 : now;
  }
  return ms;
}

function encodeRuns(writer: ByteWriter, lane: Uint32Array | Uint8Array, size: number): void {
  for (let i = 0; i < size;) {
    let end = i + 1;
    while (end < size && lane[end] === lane[i]) end++;
    writer.varint(lane[i]!);
    writer.varint(end - i);
    i = end;
  }
}

function decodeRuns<L extends Uint32Array | Uint8Array>(reader: ByteReader, lane: L): L {
  for (let i = 0; i < lane.length;) {
    const value = reader.varint();
    const run = reader.varint();
    if (run === 0 || i + run > lane.length) throw new FplusError("historian.io", "a stored block has a bad run");
    lane.fill(value, i, (i += run));
  }
  return lane;
}

/** @returns whether they are packed integers */
function encodeValues(writer: ByteWriter, bits: Uint32Array): boolean {
  const values = doublesOf(bits);
  const scale = decimalScale(values, bits);
  if (scale >= 0) {
    writer.byte(Form.Packed);
    writer.byte(scale);
    const factor = FACTORS[scale]!;
    writePacked(
      writer,
      values.map((value) => Math.round(value * factor)),
    );
    return true;
  }
  if (values.every((value, i) => Math.fround(value) === value && !(value === 0 && bits[i * 2 + 1] !== 0))) {
    writer.byte(Form.Float);
    encodePlanes(writer, new Uint32Array(Float32Array.from(values).buffer), 1);
    return false;
  }
  writer.byte(Form.Wide);
  encodePlanes(writer, bits, 2);
  return false;
}

function decodeValues(reader: ByteReader, size: number): Uint32Array {
  const bits = new Uint32Array(size * 2);
  const values = doublesOf(bits);
  switch (reader.byte()) {
    case Form.Packed: {
      const factor = 10 ** reader.byte();
      const whole = readPacked(reader, size);
      for (let i = 0; i < size; i++) values[i] = whole[i]! / factor;
      return bits;
    }
    case Form.Scaled: {
      const factor = 10 ** reader.byte();
      let last = 0;
      for (let i = 0; i < size; i++) values[i] = (last += reader.zigzag()) / factor;
      return bits;
    }
    case Form.Float: {
      values.set(new Float32Array(decodePlanes(reader, size, 1).buffer));
      return bits;
    }
    case Form.Wide:
      return decodePlanes(reader, size, 2);
    default:
      throw new FplusError("historian.io", "a stored block has an unknown form");
  }
}

/** Decimals with which every value is an integer that divides back to the very same double; -1 when there are none. */
function decimalScale(values: Float64Array, bits: Uint32Array): number {
  let scale = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // Minus zero and the patterns of 64-bit integers must come back bit by bit.
    if (value === 0 && (bits[i * 2] !== 0 || bits[i * 2 + 1] !== 0)) return -1;
    for (;;) {
      const factor = FACTORS[scale]!;
      const whole = Math.round(value * factor);
      if (!(Math.abs(whole) < 2 ** 51)) return -1;
      if (whole / factor === value && (whole !== 0 || value === 0)) break;
      if (++scale === FACTORS.length) return -1;
    }
  }
  // A later value may have raised the scale: the earlier ones must hold with it too.
  const factor = FACTORS[scale]!;
  for (const value of values) {
    const whole = Math.round(value * factor);
    if (whole / factor !== value || Math.abs(whole) >= 2 ** 51) return -1;
  }
  return scale;
}

/** XOR with the sample before, then byte plane by byte plane. `width` in 32-bit words. */
function encodePlanes(writer: ByteWriter, words: Uint32Array, width: number): void {
  const count = words.length / width;
  const out = writer.reserve(words.length * 4);
  for (let word = 0; word < width; word++) {
    let last = 0;
    for (let i = 0; i < count; i++) {
      const value = words[i * width + word]!;
      const mixed = value ^ last;
      last = value;
      const at = word * 4 * count + i;
      out[at] = mixed;
      out[at + count] = mixed >>> 8;
      out[at + count * 2] = mixed >>> 16;
      out[at + count * 3] = mixed >>> 24;
    }
  }
}

function decodePlanes(reader: ByteReader, count: number, width: number): Uint32Array {
  const words = new Uint32Array(count * width);
  const bytes = reader.raw(words.length * 4);
  for (let word = 0; word < width; word++) {
    let last = 0;
    for (let i = 0; i < count; i++) {
      const at = word * 4 * count + i;
      last ^= bytes[at]! | (bytes[at + count]! << 8) | (bytes[at + count * 2]! << 16) | (bytes[at + count * 3]! << 24);
      words[i * width + word] = last;
    }
  }
  return words;
}
