import { FplusError } from "../../lib/errors/index.ts";

/**
 * A field that is `on` or `off`, so that a variable can say it; a blank one is on.
 * @throws FplusError `config.invalid` naming the field
 */
export function switchOf<K extends string>(config: { readonly [P in K]?: unknown }, field: K): boolean {
  const value = config[field];
  if (value === undefined || value === "" || value === "on") return true;
  if (value === "off") return false;
  throw new FplusError("config.invalid", `neither on nor off: ${String(value)}`, { field });
}
