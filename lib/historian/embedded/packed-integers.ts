import type { ByteReader, ByteWriter } from "../bytes.ts";

/**
 * Integers in blocks, each value with as many bits as its block needs (frame of reference, as Parquet's DELTA_BINARY_PACKED): above the
 * smallest value of the block, or above its smallest step where steps differ less. Equal values, and equal steps, take no bits at all.
 */
const BLOCK = 128;
/** Beside the width: the block holds steps. */
const STEPS = 0x80;
/** Bits that pack; a block that needs more holds varints. */
const WIDEST = 24;
const VARINTS = WIDEST + 1;

/** Writes whole numbers within ±2^51; how many stands elsewhere. */
export function writePacked(writer: ByteWriter, values: Float64Array): void {
  if (values.length === 0) return;
  let last = values[0]!;
  writer.zigzag(last);
  for (let from = 1; from < values.length; from += BLOCK) {
    const block = values.subarray(from, from + BLOCK);
    let [low, high, lowStep, highStep] = [Infinity, -Infinity, Infinity, -Infinity];
    let before = last;
    for (const value of block) {
      const step = value - before;
      before = value;
      if (value < low) low = value;
      if (value > high) high = value;
      if (step < lowStep) lowStep = step;
      if (step > highStep) highStep = step;
    }
    const [width, stepWidth] = [widthOf(high - low), widthOf(highStep - lowStep)];
    if (stepWidth < width) {
      writer.byte(stepWidth | STEPS);
      writer.zigzag(lowStep);
      writeBlock(writer, stepWidth, lowStep, block, last);
    } else {
      writer.byte(width);
      writer.zigzag(low - last);
      writeBlock(writer, width, low, block, undefined);
    }
    last = before;
  }
}

/** @param before the value before the block, where its steps are written */
function writeBlock(
  writer: ByteWriter,
  width: number,
  low: number,
  block: Float64Array,
  before: number | undefined,
): void {
  let last = before ?? 0;
  if (width === VARINTS) {
    for (const value of block) {
      writer.varint(value - last - low);
      if (before !== undefined) last = value;
    }
    return;
  }
  const out = writer.reserve(Math.ceil((block.length * width) / 8));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const value of block) {
    bits |= (value - last - low) << held;
    if (before !== undefined) last = value;
    for (held += width; held >= 8; held -= 8) {
      out[at++] = bits;
      bits >>>= 8;
    }
  }
  if (held > 0) out[at] = bits;
}

/** Reads so many numbers that `writePacked` wrote. @throws FplusError `historian.io` when they are not all there */
export function readPacked(reader: ByteReader, size: number): Float64Array {
  const values = new Float64Array(size);
  if (size === 0) return values;
  let last = (values[0] = reader.zigzag());
  for (let from = 1; from < size; from += BLOCK) {
    const end = Math.min(size, from + BLOCK);
    const code = reader.byte();
    const width = code & ~STEPS;
    const isSteps = (code & STEPS) !== 0;
    const low = reader.zigzag() + (isSteps ? 0 : last);
    if (width >= VARINTS) for (let i = from; i < end; i++) values[i] = low + reader.varint();
    else if (width === 0) values.fill(low, from, end);
    else readBlock(reader, width, low, values.subarray(from, end));
    if (isSteps) for (let i = from; i < end; i++) values[i] = last += values[i]!;
    last = values[end - 1]!;
  }
  return values;
}

function readBlock(reader: ByteReader, width: number, low: number, block: Float64Array): void {
  const bytes = reader.raw(Math.ceil((block.length * width) / 8));
  const mask = (1 << width) - 1;
  let at = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < block.length; i++) {
    for (; held < width; held += 8) bits |= bytes[at++]! << held;
    block[i] = low + (bits & mask);
    bits >>>= width;
    held -= width;
  }
}

function widthOf(range: number): number {
  return range < 2 ** WIDEST ? 32 - Math.clz32(range) : VARINTS;
}
