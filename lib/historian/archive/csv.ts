import { FplusError } from "../../errors/index.ts";
import type { SampleBatch } from "../../sample/index.ts";

/** The first line of an archived signal: nanoseconds since the epoch, a number or a text, and the OPC UA StatusCode where it is not Good. */
export const CSV_HEADER = "time_ns,value,text,status\n";

/** The samples of a batch as lines. */
export function csvLines(batch: SampleBatch): string {
  const lines: string[] = [];
  for (let i = 0; i < batch.length; i++) {
    const time = (BigInt(batch.timeMs[i]!) * 1_000_000n + BigInt(batch.timeNs[i]!)).toString();
    const number = batch.number(i);
    const value = Number.isNaN(number) ? null : batch.value(i);
    const shown = typeof value === "boolean" ? Number(value) : (value ?? "");
    const text = batch.ref[i];
    const quoted = typeof text === "string" ? `"${text.replaceAll('"', '""')}"` : "";
    const status = batch.status[i]!;
    lines.push(`${time},${String(shown)},${quoted},${status === 0 ? "" : status}\n`);
  }
  return lines.join("");
}

/** One sample of an archived signal. */
export interface ArchivedSample {
  /** Milliseconds since the epoch, with fraction. */
  readonly time: number;
  /** NaN where it is text or null. */
  readonly value: number;
  readonly text: string | null;
  readonly status: number;
}

const LINE = /(-?\d+),([^,\n]*),(?:"((?:[^"]|"")*)")?,(\d*)\n/y;

/**
 * Reads archived lines from a stream of text, in whatever pieces it comes.
 * @throws FplusError `historian.io` where the text is none of ours
 */
export async function* readCsv(pieces: AsyncIterable<string>): AsyncGenerator<ArchivedSample> {
  let rest = "";
  let begun = false;
  for await (const piece of pieces) {
    rest += piece;
    if (!begun) {
      if (rest.length < CSV_HEADER.length) continue;
      if (!rest.startsWith(CSV_HEADER)) throw new FplusError("historian.io", "an archived file has no header of ours");
      begun = true;
      rest = rest.slice(CSV_HEADER.length);
    }
    let at = 0;
    for (;;) {
      LINE.lastIndex = at;
      const found = LINE.exec(rest);
      if (found === null) break;
      at = LINE.lastIndex;
      yield sampleOf(found);
    }
    rest = rest.slice(at);
  }
  if (rest !== "" || !begun) throw new FplusError("historian.io", "an archived file is damaged");
}

function sampleOf([, time = "", value = "", text, status = ""]: RegExpExecArray): ArchivedSample {
  // The last six digits are within the millisecond; a double holds the rest in full.
  const wide = BigInt(time);
  const ms = wide / 1_000_000n - (wide % 1_000_000n < 0n ? 1n : 0n);
  return {
    time: Number(ms) + Number(wide - ms * 1_000_000n) / 1e6,
    value: value === "" ? Number.NaN : Number(value),
    text: text === undefined ? null : text.replaceAll('""', '"'),
    status: Number(status),
  };
}
