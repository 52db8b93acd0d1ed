import { FplusError } from "../../lib/errors/index.ts";

/** What a number of a dialog may be. */
export interface NumberRange {
  /** What a blank field means. */
  readonly usual: number;
  readonly least: number;
  /** No limit where it is left out. */
  readonly most?: number;
}

/**
 * A number of a node's configuration; dialogs keep numbers as texts.
 * @throws FplusError `config.invalid` naming the field
 */
export function numberOf<K extends string>(
  config: { readonly [P in K]?: unknown },
  field: K,
  { usual, least, most = Number.POSITIVE_INFINITY }: NumberRange,
): number {
  const value = config[field];
  if (value === undefined || value === null || value === "") return usual;
  const number = Number(value);
  if (number >= least && number <= most) return number;
  const range = most === Number.POSITIVE_INFINITY ? "up" : `to ${most.toLocaleString("en")}`;
  throw new FplusError("config.invalid", `not a number from ${least.toLocaleString("en")} ${range}: ${String(value)}`, {
    field,
    hint: `Leave it blank for ${usual.toLocaleString("en")}.`,
  });
}
