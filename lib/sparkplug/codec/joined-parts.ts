import { BYTES, head, MAX_PAYLOAD_BYTES } from "./workbench.ts";
import { WireReader } from "./wire-reader.ts";

/** Reading the same payload often may join the same parts often; they end before what the decoder looks ahead. */
const JOIN_END = 2 * MAX_PAYLOAD_BYTES;

/**
 * Puts the parts of a sub-message that came in pieces together, behind the payload: Protocol Buffers that are put end to
 * end are merged. A part that is not whole is the last one taken, so that what it cuts off is found to be cut off and does
 * not go on in the next. Returns where they begin; they end at `head.joinedEnd`.
 */
export function joinParts(start: number, end: number, wanted: number): number {
  const begin = head.joinedEnd;
  const reader = new WireReader().open(start, end);
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== wanted) {
      reader.skip(tag);
      continue;
    }
    const partEnd = reader.sliceEnd();
    if (head.joinedEnd + partEnd - reader.at > JOIN_END) return begin;
    BYTES.copyWithin(head.joinedEnd, reader.at, partEnd);
    head.joinedEnd += partEnd - reader.at;
    if (!isWhole(reader.at, partEnd)) return begin;
    reader.at = partEnd;
  }
  return begin;
}

function isWhole(start: number, end: number): boolean {
  const reader = new WireReader().open(start, end);
  while (reader.more) reader.skip(reader.tag());
  return reader.fault === "";
}
