import zlib from "node:zlib";
import { FplusError } from "../errors/index.ts";

/** First byte of a compressed blob; with `CHECKED` the CRC32 of what follows stands behind it. */
const Codec = { Raw: 0, Deflate: 1, Zstd: 2 } as const;
const CHECKED = 16;
const HEAD_BYTES = 5;
/** No blob of ours grows beyond this: a damaged one must not eat the memory. */
const MAX_BYTES = 256 * 1024 * 1024;
const SMALL = 64;
/** From this size on zstd is the faster one; below, a call of it costs more than its work, and packs less. */
const LARGE = 16 * 1024;

const hasZstd = typeof zlib.zstdCompressSync === "function";
const zstdLevel = hasZstd ? { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } } : {};
/** By default every call takes 16 KB, which a checkpoint of a thousand heads would take a thousand times. */
const LEAST_CHUNK_BYTES = 256;
/** What a block grows to at first guess, for the same reason. */
const USUAL_RATIO = 4;

/** Codec byte, checksum and the data, compressed where that makes it smaller: large data with zstd where Node has it (22.15, 23.8). */
export function compress(data: Uint8Array): Uint8Array {
  if (data.length > SMALL) {
    const chunkSize = LEAST_CHUNK_BYTES + data.length;
    const useZstd = hasZstd && data.length >= LARGE;
    const packed = useZstd
      ? zlib.zstdCompressSync(data, { ...zstdLevel, chunkSize })
      : zlib.deflateRawSync(data, { level: 1, chunkSize });
    if (packed.length < data.length) return withCodec(useZstd ? Codec.Zstd : Codec.Deflate, packed);
  }
  return uncompressed(data);
}

/** The data in the same form, as it is. */
export function uncompressed(data: Uint8Array): Uint8Array {
  return withCodec(Codec.Raw, data);
}

/**
 * The data of `compress`.
 * @throws FplusError `historian.io` when it is damaged, or packed with zstd and this Node has none
 */
export function decompress(blob: Uint8Array): Uint8Array {
  const codec = blob[0] ?? 0;
  const body = blob.subarray((codec & CHECKED) === 0 ? 1 : HEAD_BYTES);
  if ((codec & CHECKED) !== 0 && !isSound(blob, body))
    throw new FplusError("historian.io", "a stored block is damaged");
  try {
    switch (codec & ~CHECKED) {
      case Codec.Raw:
        return body;
      case Codec.Deflate:
        return zlib.inflateRawSync(body, {
          maxOutputLength: MAX_BYTES,
          chunkSize: LEAST_CHUNK_BYTES + body.length * USUAL_RATIO,
        });
      case Codec.Zstd:
        if (!hasZstd) break;
        return zlib.zstdDecompressSync(body, { maxOutputLength: MAX_BYTES });
    }
  } catch (error) {
    throw new FplusError("historian.io", "a stored block is damaged", { cause: error });
  }
  throw new FplusError("historian.io", `a stored block has the codec ${blob[0] ?? "none"}`, {
    hint: "Written by a newer Node; run Node 22.15 or later.",
  });
}

function withCodec(codec: number, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + HEAD_BYTES);
  out[0] = codec | CHECKED;
  new DataView(out.buffer).setUint32(1, zlib.crc32(data), true);
  out.set(data, HEAD_BYTES);
  return out;
}

function isSound(blob: Uint8Array, body: Uint8Array): boolean {
  if (blob.length < HEAD_BYTES) return false;
  return new DataView(blob.buffer, blob.byteOffset).getUint32(1, true) === zlib.crc32(body);
}
