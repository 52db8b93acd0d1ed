import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** As much of mqtt-packet as is used here; its own types ask for the whole of a packet and of a stream. */
interface PacketWriter {
  readonly writeToStream: (packet: object, stream: { write(): boolean }) => boolean;
}

/** mqtt-packet keeps the encoded form of every length below this. */
const KEPT_LENGTHS = 16_384;
/** A length of one byte of topic, with what the protocol puts before it. */
const HEADER_BYTES = 3;
const done = new WeakSet<object>();

/**
 * Lets mqtt-packet encode all lengths that it keeps at once, so that they lie side by side. It encodes each when it first
 * occurs and keeps it for ever as a few bytes of Node's pool for small buffers; spread over months of traffic each keeps a
 * whole pool of 64 KB, up to 1 GB (https://github.com/mqttjs/mqtt-packet/issues/163).
 * @param user the package whose mqtt-packet it is
 */
export function packPacketLengths(user: "mqtt" | "aedes"): void {
  const writer = createRequire(fileURLToPath(import.meta.resolve(user)))("mqtt-packet") as PacketWriter;
  if (done.has(writer)) return;
  done.add(writer);
  const payload = Buffer.alloc(KEPT_LENGTHS);
  const nowhere = { write: () => true };
  for (let length = HEADER_BYTES; length < KEPT_LENGTHS; length++) {
    const publish = { cmd: "publish", topic: "t", qos: 0, payload: payload.subarray(0, length - HEADER_BYTES) };
    writer.writeToStream(publish, nowhere);
  }
}
