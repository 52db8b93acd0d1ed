import { createCipheriv, createDecipheriv } from "node:crypto";
import { FplusError } from "../../../errors/index.ts";
import { HEADER_BYTES, type Header, readHeader } from "./header.ts";

const ALGORITHM = "aes-256-gcm";
/** Content of a frame; only the last one is shorter. */
const FRAME = 64 * 1024;
const TAG = 16;

/**
 * Seals bytes: the header, then frames of 64 KiB, each encrypted and authenticated with AES-256-GCM under its place in the order and
 * whether it is the last (the STREAM construction). The key is of this archive alone, so a place serves as a nonce.
 */
export async function* seal(content: AsyncIterable<Buffer>, header: Header): AsyncGenerator<Buffer, void> {
  yield header.bytes;
  let place = 0;
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const chunk of content) {
    waiting.push(chunk);
    size += chunk.length;
    // What fills a frame is held back until more comes: the last frame must know that it is the last.
    if (size <= FRAME) continue;
    const bytes = Buffer.concat(waiting, size);
    let at = 0;
    for (; size - at > FRAME; at += FRAME) yield sealFrame(header, place++, false, bytes.subarray(at, at + FRAME));
    waiting = [bytes.subarray(at)];
    size -= at;
  }
  yield sealFrame(header, place, true, Buffer.concat(waiting, size));
}

/**
 * The bytes that were sealed, frame by frame; none comes out before it is authenticated.
 * @throws FplusError `backup.format`, `backup.key`, `backup.damaged` with the offset in the archive
 */
export async function* open(
  archive: AsyncIterable<Buffer>,
  passphrase: string | undefined,
  onHeader: (header: Header) => void,
): AsyncGenerator<Buffer, void> {
  let header: Header | undefined;
  let place = 0;
  let waiting: Buffer[] = [];
  let size = 0;
  const offset = (): number => HEADER_BYTES + place * (FRAME + TAG);
  for await (const chunk of archive) {
    waiting.push(chunk);
    size += chunk.length;
    if (size <= (header === undefined ? HEADER_BYTES : FRAME + TAG)) continue;
    let bytes = Buffer.concat(waiting, size);
    if (header === undefined) {
      header = await readHeader(bytes, passphrase);
      onHeader(header);
      bytes = bytes.subarray(HEADER_BYTES);
    }
    let at = 0;
    for (; bytes.length - at > FRAME + TAG; at += FRAME + TAG) {
      yield openFrame(header, place, false, bytes.subarray(at, at + FRAME + TAG), offset());
      place += 1;
    }
    waiting = [bytes.subarray(at)];
    size = bytes.length - at;
  }
  const rest = Buffer.concat(waiting, size);
  if (header === undefined) {
    await readHeader(rest, passphrase);
    throw damaged("the archive ends after its header", HEADER_BYTES);
  }
  yield openFrame(header, place, true, rest, offset());
}

function nonceOf(place: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(place, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function sealFrame({ key, bytes }: Header, place: number, last: boolean, content: Buffer): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, nonceOf(place, last), { authTagLength: TAG });
  cipher.setAAD(bytes);
  const sealed = cipher.update(content);
  cipher.final();
  return Buffer.concat([sealed, cipher.getAuthTag()]);
}

function openFrame({ key, bytes }: Header, place: number, last: boolean, frame: Buffer, offset: number): Buffer {
  if (frame.length < TAG) throw damaged("the archive is cut off", offset);
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(place, last), { authTagLength: TAG });
  decipher.setAAD(bytes);
  decipher.setAuthTag(frame.subarray(frame.length - TAG));
  const content = decipher.update(frame.subarray(0, frame.length - TAG));
  try {
    decipher.final();
  } catch {
    throw damaged(last ? "the archive is cut off or was changed" : "the archive was changed", offset);
  }
  return content;
}

function damaged(message: string, offset: number): FplusError {
  return new FplusError("backup.damaged", `${message} (at byte ${offset})`, { offset, hint: "Take another archive." });
}
