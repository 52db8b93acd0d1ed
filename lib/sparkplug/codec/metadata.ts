import { textAt } from "./text.ts";
import { WireReader } from "./wire-reader.ts";

/** What a metric says about its value, mostly of files; the names are those of sparkplug-payload. */
export interface MetaData {
  isMultiPart?: boolean;
  contentType?: string;
  size?: number;
  seq?: number;
  fileName?: string;
  fileType?: string;
  md5?: string;
  description?: string;
}

const TEXTS: Readonly<Record<number, "contentType" | "fileName" | "fileType" | "md5" | "description">> = {
  0x12: "contentType",
  0x2a: "fileName",
  0x32: "fileType",
  0x3a: "md5",
  0x42: "description",
};

/** @throws FplusError `sparkplug.malformed` */
export function readMetaData(start: number, end: number): MetaData {
  const reader = new WireReader().open(start, end);
  const metadata: MetaData = {};
  while (reader.more) {
    const tag = reader.tag();
    const text = TEXTS[tag];
    if (text !== undefined) {
      const sliceEnd = reader.sliceEnd();
      metadata[text] = textAt(reader.at, sliceEnd);
      reader.at = sliceEnd;
    } else if (tag === 0x08) metadata.isMultiPart = reader.bool();
    else if (tag === 0x18) metadata.size = reader.number();
    else if (tag === 0x20) metadata.seq = reader.number();
    else reader.skip(tag);
  }
  reader.check();
  return metadata;
}
