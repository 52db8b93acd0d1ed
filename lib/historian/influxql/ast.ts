/** What an InfluxQL statement says, as a tree. Durations are milliseconds, times nanoseconds since the epoch. */

/** Anything with a value, and the conditions made of them. */
export type Expression =
  | { readonly kind: "number"; readonly value: number; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "duration"; readonly ms: number }
  | { readonly kind: "regex"; readonly expression: RegExp }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "binary"; readonly op: Operator; readonly left: Expression; readonly right: Expression };

/** What joins two expressions. */
export type Operator = "AND" | "OR" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~" | "+" | "-" | "*" | "/" | "%";

/** One column of a SELECT. */
export interface Field {
  readonly expression: Expression;
  readonly alias: string | undefined;
}

/** A measurement by name, or all whose names match. */
export type Source = { readonly name: string } | { readonly regex: RegExp };

/** GROUP BY time(…). */
export interface Interval {
  readonly ms: number;
  readonly offsetMs: number;
}

/** What stands in windows without a value. */
export type FillOption = "null" | "none" | "previous" | "linear" | number;

/** SELECT; limits of 0 are none. */
export interface SelectStatement {
  readonly kind: "select";
  readonly fields: readonly Field[];
  readonly sources: readonly Source[];
  readonly where: Expression | undefined;
  readonly interval: Interval | undefined;
  /** Tags that tell groups apart: names, expressions over names, or all. */
  readonly dimensions: readonly (string | RegExp | { readonly all: true })[];
  readonly fill: FillOption;
  readonly descending: boolean;
  readonly limit: number;
  readonly offset: number;
  readonly slimit: number;
  readonly soffset: number;
}

/** SHOW. */
export interface ShowStatement {
  readonly kind: "show";
  readonly what: "measurements" | "tag keys" | "tag values" | "field keys" | "series" | "databases";
  readonly sources: readonly Source[];
  /** For tag values: the tags asked for. */
  readonly keys: readonly string[];
}

/** One statement. */
export type Statement = SelectStatement | ShowStatement;
