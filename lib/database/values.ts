import { types as kinds } from "node:util";
import { FplusError } from "../errors/index.ts";

/** Object ids of PostgreSQL's types whose usual parsing loses or shifts something. */
const INT8 = 20;
const NUMERIC = 1700;
const TIMESTAMP = 1114;
const DATE = 1082;
const ARRAYS: Readonly<Record<number, number>> = { 1016: INT8, 1231: NUMERIC, 1115: TIMESTAMP, 1182: DATE };
const TEXT_ARRAY = 1009;

type Parse = (text: string) => unknown;
/** How the driver asks for a parser of a type. */
export interface TypeParsers {
  getTypeParser(oid: number, format?: "text" | "binary"): Parse;
}

const PARSERS: Readonly<Record<number, Parse>> = {
  [INT8]: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text),
  [NUMERIC]: exactNumber,
  // Without a zone: UTC, so that it is the same on every machine.
  [TIMESTAMP]: (text) => (/^-?infinity$/.test(text) ? text : new Date(`${text.replace(" ", "T")}Z`)),
  // A day is no instant: as a Date it would shift by the zone.
  [DATE]: (text) => text,
};

/** The parsers of a connection, over the driver's own; they leave other users of the driver alone. */
export function typeParsers(usual: TypeParsers): TypeParsers {
  return {
    getTypeParser(oid, format) {
      if (format !== "binary") {
        const own = PARSERS[oid];
        if (own !== undefined) return own;
        const element = ARRAYS[oid];
        if (element !== undefined) {
          const split = usual.getTypeParser(TEXT_ARRAY, "text");
          return (text) => eachText(split(text), PARSERS[element]!);
        }
      }
      return usual.getTypeParser(oid, format);
    },
  };
}

/** A value of a message as the driver sends it: dates in UTC, integers of any size, nothing that has no meaning in SQL. */
export function encodeValue(value: unknown, name: string): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") {
    throw new FplusError("database.query", `a ${typeof value} cannot be a parameter`, { field: name });
  }
  if (kinds.isDate(value)) {
    if (Number.isNaN(value.getTime())) throw new FplusError("database.query", "not a valid date", { field: name });
    return value.toISOString();
  }
  if (Array.isArray(value)) return value.map((item: unknown) => encodeValue(item, name));
  return value;
}

function exactNumber(text: string): number | string {
  const digits = text.replace(/^[-+]?0*\.?0*/, "").replace(".", "");
  return digits.length <= 15 ? Number(text) : text;
}

function eachText(value: unknown, parse: Parse): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => eachText(item, parse));
  return typeof value === "string" ? parse(value) : value;
}
