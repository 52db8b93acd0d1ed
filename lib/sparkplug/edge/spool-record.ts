import { FplusError } from "../../errors/index.ts";
import { isInt64, isNumeric, SampleBatch, ValueType } from "../../sample/index.ts";
import { encodePlain } from "../codec/encode-plain.ts";
import { decodePlain } from "../codec/plain.ts";
import { type ArrayValue, isArrayType, packArray, unpackArray } from "../codec/packed-array.ts";

/**
 * One accepted batch as it lies in the spool: count (u32), then for each sample
 * alias (u32), type (u8), flags (u8), status (u32), time in ms (f64), ns (u32), then eight bytes of number,
 * or a length (u32) with its kind (u8: 0 text, 1 bytes, 2 packed array, 3 JSON, 4 Sparkplug payload) and that many bytes.
 */
const FIXED_BYTES = 22;
const KIND = { Text: 0, Bytes: 1, Array: 2, Json: 3, Payload: 4 } as const;

/** Writes samples whose aliases are given, in the same order as the batch. */
export function encodeRecord(batch: SampleBatch, aliases: Uint32Array): Uint8Array {
  const refs: { kind: number; bytes: Uint8Array }[] = [];
  let size = 4 + batch.length * (FIXED_BYTES + 8);
  for (let i = 0; i < batch.length; i++) {
    if (isNumber(batch.type[i]!) || batch.isNull(i)) continue;
    const ref = refBytes(batch.type[i]!, batch.ref[i]);
    refs.push(ref);
    size += ref.bytes.length;
  }
  const out = Buffer.allocUnsafe(size);
  let at = out.writeUInt32LE(batch.length, 0);
  let next = 0;
  for (let i = 0; i < batch.length; i++) {
    at = out.writeUInt32LE(aliases[i]!, at);
    out[at] = batch.type[i]!;
    out[at + 1] = batch.flags[i]!;
    at = out.writeUInt32LE(batch.status[i]!, at + 2);
    at = out.writeDoubleLE(batch.timeMs[i]!, at);
    at = out.writeUInt32LE(batch.timeNs[i]!, at);
    if (isNumber(batch.type[i]!) || batch.isNull(i))
      at = out.writeUInt32LE(batch.words[2 * i + 1]!, out.writeUInt32LE(batch.words[2 * i]!, at));
    else {
      const { kind, bytes } = refs[next++]!;
      at = out.writeUInt32LE(bytes.length, at);
      out[at++] = kind;
      out.set(bytes, at);
      at += bytes.length;
    }
  }
  return out.subarray(0, at);
}

/**
 * Reads a record back; the `signal` lane holds aliases.
 * @throws FplusError `spool.corrupt`
 */
export function decodeRecord(data: Uint8Array): SampleBatch {
  try {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const count = bytes.readUInt32LE(0);
    const batch = new SampleBatch(Math.min(count, bytes.length));
    let at = 4;
    for (let n = 0; n < count; n++) {
      const type = bytes[at + 4]!;
      const i = batch.add(
        bytes.readUInt32LE(at),
        type,
        bytes.readDoubleLE(at + 10),
        bytes.readUInt32LE(at + 18),
        bytes.readUInt32LE(at + 6),
      );
      batch.flags[i] = bytes[at + 5]!;
      at += FIXED_BYTES;
      if (isNumber(type) || batch.isNull(i)) {
        batch.words[2 * i] = bytes.readUInt32LE(at);
        batch.words[2 * i + 1] = bytes.readUInt32LE(at + 4);
        at += 8;
      } else {
        const length = bytes.readUInt32LE(at);
        const kind = bytes[at + 4]!;
        at += 5;
        batch.ref[i] = refOf(type, kind, bytes.subarray(at, at + length));
        at += length;
      }
    }
    return batch;
  } catch (error) {
    throw new FplusError("spool.corrupt", "a spooled batch cannot be read", { cause: error });
  }
}

function isNumber(type: number): boolean {
  return isNumeric(type) || isInt64(type);
}

function refBytes(type: number, ref: string | object | undefined): { kind: number; bytes: Uint8Array } {
  if (typeof ref === "string") return { kind: KIND.Text, bytes: Buffer.from(ref) };
  if (ref instanceof Uint8Array) return { kind: KIND.Bytes, bytes: ref };
  if (isArrayType(type)) return { kind: KIND.Array, bytes: packArray(type, ref as ArrayValue) };
  if (type === ValueType.DataSet || type === ValueType.Template)
    return { kind: KIND.Payload, bytes: payloadOf(type, ref) };
  return { kind: KIND.Json, bytes: Buffer.from(JSON.stringify(ref ?? null)) };
}

/** 64-bit integers within would not survive JSON. What cannot be encoded has no value; it could not be sent either. */
function payloadOf(type: number, value: object | undefined): Uint8Array {
  try {
    return encodePlain({ metrics: [{ type, value }] });
  } catch {
    return encodePlain({ metrics: [{ type, value: null }] });
  }
}

function refOf(type: number, kind: number, bytes: Buffer): string | object {
  switch (kind) {
    case KIND.Text:
      return bytes.toString();
    case KIND.Bytes:
      return new Uint8Array(bytes);
    case KIND.Array:
      return unpackArray(type, bytes);
    case KIND.Payload:
      return decodePlain(bytes).metrics[0]!.value as object;
    default:
      return JSON.parse(bytes.toString()) as object;
  }
}
