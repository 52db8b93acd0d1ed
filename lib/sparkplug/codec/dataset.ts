import { FplusError } from "../../errors/index.ts";
import { type SampleValue, valueTypeName } from "../../sample/index.ts";
import { readScalar, type ScalarFields } from "./scalar-fields.ts";
import { textAt } from "./text.ts";
import { WireReader } from "./wire-reader.ts";

/** A table as the value of a metric; the names are those of sparkplug-payload. */
export interface DataSet {
  readonly numOfColumns: number;
  readonly columns: readonly string[];
  /** Type names, one a column. */
  readonly types: readonly string[];
  /** Cells by row and column; null where a cell is empty. */
  readonly rows: readonly (readonly SampleValue[])[];
}

/** Tags of the scalars in a cell. */
export const CELL_FIELDS: ScalarFields = {
  int: 0x08,
  long: 0x10,
  float: 0x1d,
  double: 0x21,
  boolean: 0x28,
  string: 0x32,
};

const MAX_CELLS = 1_000_000;

/**
 * Reads a data set. Cells beyond the last column are left out, cells that are missing are null.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function readDataSet(start: number, end: number): DataSet {
  const reader = new WireReader().open(start, end);
  const columns: string[] = [];
  const types: number[] = [];
  const rows: { start: number; end: number }[] = [];
  let width = -1;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x08) width = reader.number();
    else if (tag === 0x18) types.push(reader.varint());
    else if (tag === 0x12 || tag === 0x1a || tag === 0x22) {
      const sliceEnd = reader.sliceEnd();
      if (tag === 0x12) columns.push(textAt(reader.at, sliceEnd));
      else if (tag === 0x22) rows.push({ start: reader.at, end: sliceEnd });
      else readPackedTypes(reader.at, sliceEnd, types);
      reader.at = sliceEnd;
    } else reader.skip(tag);
  }
  reader.check();
  const numOfColumns = width < 0 ? types.length : width;
  if (numOfColumns !== types.length || numOfColumns !== columns.length) {
    throw new FplusError(
      "sparkplug.malformed",
      `a data set of ${numOfColumns} columns has ${columns.length} names and ${types.length} types`,
      { offset: start },
    );
  }
  if (rows.length * Math.max(1, numOfColumns) > MAX_CELLS) {
    throw new FplusError("sparkplug.limit", `a data set of more than ${MAX_CELLS} cells`, { offset: start });
  }
  return {
    numOfColumns,
    columns,
    types: types.map(valueTypeName),
    rows: rows.map((row) => readRow(row.start, row.end, types)),
  };
}

function readPackedTypes(start: number, end: number, types: number[]): void {
  const reader = new WireReader().open(start, end);
  while (reader.more) types.push(reader.varint());
  reader.check();
}

function readRow(start: number, end: number, types: readonly number[]): SampleValue[] {
  const reader = new WireReader().open(start, end);
  const cells: SampleValue[] = [];
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const cellEnd = reader.sliceEnd();
    if (cells.length < types.length) cells.push(readCell(reader.at, cellEnd, types[cells.length]!));
    reader.at = cellEnd;
  }
  reader.check();
  while (cells.length < types.length) cells.push(null);
  return cells;
}

function readCell(start: number, end: number, type: number): SampleValue {
  const reader = new WireReader().open(start, end);
  let value: SampleValue = null;
  while (reader.more) {
    const tag = reader.tag();
    const scalar = readScalar(reader, tag, CELL_FIELDS, type);
    if (scalar === undefined) reader.skip(tag);
    else value = scalar;
  }
  reader.check();
  return value;
}
