import { FplusError } from "../../lib/errors/index.ts";
import { checkTags, type Tag, type TagMistake } from "../../lib/opcua/index.ts";
import type { Message } from "../frame/index.ts";
import { readTagCsv } from "../tag-table/tag-csv.ts";

/** A table that came with a message: its good rows, and what is wrong with the others. */
export interface SentTable {
  readonly tags: readonly Tag[];
  readonly mistakes: readonly TagMistake[];
}

/** More tags than any server gives over one session. */
const MOST_ROWS = 100_000;
const LONGEST_CSV = 32 * 1024 * 1024;

/**
 * The table of a message, in `tags` or else in `payload`: rows as the dialog has them, or CSV text. Bad rows are told beside
 * the good ones; a table of nothing but bad rows is refused as a whole.
 * @throws FplusError `opcua.tag-table`
 */
export function sentTable(msg: Message): SentTable {
  const field = msg["tags"] === undefined ? "payload" : "tags";
  const sent: unknown = msg[field];
  const { rows, damaged } = typeof sent === "string" ? rowsOfCsv(sent, field) : { rows: sent, damaged: [] };
  if (!Array.isArray(rows)) {
    throw new FplusError("opcua.tag-table", `msg.${field} is no table of tags`, {
      field,
      hint: "Send an array of { device, metric, nodeId }, or the text of a CSV file.",
    });
  }
  if (rows.length > MOST_ROWS) throw tooLong(field, `${rows.length} rows`, `${MOST_ROWS} rows`);
  const checked = checkTags(rows);
  const mistakes = [...damaged, ...checked.mistakes];
  if (mistakes.length > 0 && checked.tags.length === 0) {
    const { field: where, reason } = mistakes[0]!;
    throw new FplusError("opcua.tag-table", `no row of the table can be used: ${where} ${reason}`, {
      field: where,
      hint: "The tags are read as before.",
    });
  }
  return { tags: checked.tags, mistakes };
}

function rowsOfCsv(text: string, field: string): { rows: readonly unknown[]; damaged: TagMistake[] } {
  if (text.length > LONGEST_CSV) throw tooLong(field, `${text.length} characters`, `${LONGEST_CSV} characters`);
  const { rows, mistakes } = readTagCsv(text);
  return { rows, damaged: mistakes.map(({ line, reason }) => ({ field: `line ${line}`, reason })) };
}

function tooLong(field: string, length: string, most: string): FplusError {
  return new FplusError("opcua.tag-table", `the table has ${length}; ${most} are taken at most`, {
    field,
    hint: "Share the tags among several readers.",
  });
}
