import type { OPCUAClient, PublishResponse } from "node-opcua";
import { DECODE_BODY, type MessageBuilder, messageBuilderOf } from "./internals.ts";
import type { Opcua } from "./load.ts";

/** The data changes of a publish response, undecoded: what lies in each DataChangeNotification, as views into the message. */
export interface RawPublishResponse extends PublishResponse {
  readonly dataChanges?: readonly Uint8Array[];
  /** The memory the views lie in, where nothing else does: whoever is done with them may free it. */
  readonly memory?: ArrayBuffer | undefined;
}

/** Below this size memory may be shared (small Buffers lie in a pool), and freeing it gains little. */
const LEAST_FREED_BYTES = 16_384;

/** NodeIds of the binary encodings (OPC 10000-6 5.2.2.9: four bytes, namespace 0). */
const PUBLISH_RESPONSE = 829;
const DATA_CHANGE_NOTIFICATION = 811;
const FOUR_BYTE_NODE_ID = 1;
const BYTE_STRING_BODY = 1;

/** What a publish response says beside its data changes. */
export interface PublishHeader {
  readonly requestHandle: number;
  readonly subscriptionId: number;
  readonly available: readonly number[];
  readonly moreNotifications: boolean;
  readonly sequenceNumber: number;
  readonly dataChanges: readonly Uint8Array[];
}

/** Reads forward through a message; beyond its end it throws a RangeError. */
class Cursor {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.#view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }

  i32(): number {
    return this.u32() | 0;
  }

  skip(length: number): void {
    this.at += length;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new RangeError("beyond the end of the message");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

/**
 * Reads a good publish response whose notifications are data changes, or none; undefined for everything else
 * (another message, a fault, events, a change of status, diagnostics), which is node-opcua's to decode.
 * Source: OPC 10000-6 5.2, OPC 10000-4 5.13.5.
 */
export function readPublishResponse(body: Uint8Array): PublishHeader | undefined {
  try {
    return read(new Cursor(body));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(cursor: Cursor): PublishHeader | undefined {
  if (!isNodeId(cursor, PUBLISH_RESPONSE)) return undefined;
  cursor.skip(8);
  const requestHandle = cursor.u32();
  const isGood = cursor.u32() === 0;
  const isPlain = cursor.u8() === 0 && cursor.i32() <= 0 && cursor.u16() === 0 && cursor.u8() === 0;
  if (!isGood || !isPlain) return undefined;
  const subscriptionId = cursor.u32();
  const available: number[] = [];
  for (let left = cursor.i32(); left > 0; left--) available.push(cursor.u32());
  const moreNotifications = cursor.u8() !== 0;
  const sequenceNumber = cursor.u32();
  cursor.skip(8);
  const dataChanges: Uint8Array[] = [];
  for (let left = cursor.i32(); left > 0; left--) {
    if (!isNodeId(cursor, DATA_CHANGE_NOTIFICATION) || cursor.u8() !== BYTE_STRING_BODY) return undefined;
    dataChanges.push(cursor.take(cursor.u32()));
  }
  return { requestHandle, subscriptionId, available, moreNotifications, sequenceNumber, dataChanges };
}

function isNodeId(cursor: Cursor, id: number): boolean {
  return cursor.u8() === FOUR_BYTE_NODE_ID && cursor.u8() === 0 && cursor.u16() === id;
}

/**
 * Keeps node-opcua from decoding data changes into objects on this client's connection: its publish responses come
 * with the bytes in `dataChanges` instead. Call it after each `connect`. Where node-opcua is built differently than
 * expected, nothing happens and everything arrives decoded.
 */
export function keepDataChangesRaw(opcua: Opcua, client: OPCUAClient): void {
  const builder = messageBuilderOf(client);
  if (typeof builder?.[DECODE_BODY] !== "function") return;
  const usual = builder[DECODE_BODY].bind(builder);
  builder[DECODE_BODY] = (body) => {
    const found = isMessage(builder) ? readPublishResponse(body) : undefined;
    if (found === undefined) return usual(body);
    const { messageHeader, securityHeader, sequenceHeader, channelId } = builder;
    const response = new opcua.PublishResponse(null);
    response.responseHeader.requestHandle = found.requestHandle;
    response.responseHeader.serviceResult = opcua.StatusCodes.Good;
    response.subscriptionId = found.subscriptionId;
    response.availableSequenceNumbers = [...found.available];
    response.moreNotifications = found.moreNotifications;
    response.notificationMessage.sequenceNumber = found.sequenceNumber;
    const memory = ownMemory(body, messageHeader!.length);
    const raw = Object.assign(response, { dataChanges: found.dataChanges, memory });
    try {
      builder.emit("message", raw, messageHeader!.msgType, securityHeader, sequenceHeader!.requestId, channelId);
    } catch {
      // A response to a request that timed out here; the message is asked for again by its sequence number.
    }
    return true;
  };
}

/**
 * The memory of a message, where the message fills it: as the one chunk that a read of the socket brought, or as a body put
 * together from many chunks.
 */
function ownMemory({ buffer, byteLength }: Uint8Array, chunkLength: number): ArrayBuffer | undefined {
  const isFilled = buffer.byteLength === chunkLength || buffer.byteLength === byteLength;
  return isFilled && byteLength >= LEAST_FREED_BYTES && buffer instanceof ArrayBuffer ? buffer : undefined;
}

function isMessage({ messageHeader, sequenceHeader, securityHeader }: MessageBuilder): boolean {
  return messageHeader?.msgType === "MSG" && Boolean(sequenceHeader) && securityHeader !== undefined;
}
