const REFERENCE = /^\$\{([^}:]+?)(?::-(.*))?\}$/;

/** Looks a variable up where a node stands: group, flow, global environment, process. */
export type Lookup = (name: string) => unknown;

/**
 * A field that is `${NAME}` or `${NAME:-otherwise}` as a whole, replaced by the variable. Node-RED itself knows the
 * first form; the second lets a preset run both under an environment that names real servers and without one.
 */
export function substitute(value: string, lookup: Lookup): string {
  const found = REFERENCE.exec(value);
  if (found === null) return value;
  const variable = lookup(found[1]!);
  if (variable !== undefined && variable !== "") return String(variable);
  return found[2] ?? value;
}

/** The same for every text of a node's configuration. */
export function substituteAll<C extends object>(config: C, lookup: Lookup): C {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      typeof value === "string" ? substitute(value, lookup) : value,
    ]),
  ) as C;
}
