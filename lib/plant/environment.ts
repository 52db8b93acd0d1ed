import { FplusError, messageOf } from "../errors/index.ts";
import type { PartHealth } from "../health/index.ts";
import type { ReportingResource } from "./lease.ts";
import type { StoreSource } from "./source.ts";

/** What decides about a plant's own store: its kind for the health page, and the variable behind each of its options. */
export interface EnvironmentNames {
  readonly kind: string;
  /** Variable of the address; what has no variable of its own is its fault. */
  readonly url: string;
  /** More variables, by option. */
  readonly [option: string]: string;
}

/**
 * The plant's own store, as the environment names it. A wrong variable is an error that names it, for those who use
 * the store, and a line on the health page.
 */
export function environmentSource<R extends ReportingResource>(
  names: EnvironmentNames,
  source: () => StoreSource<R>,
): StoreSource<R> {
  return {
    lease() {
      try {
        return source().lease();
      } catch (error) {
        throw namedFault(names, error);
      }
    },
    unused() {
      try {
        return source().unused();
      } catch (error) {
        return faultyPart(names.kind, namedFault(names, error));
      }
    },
  };
}

function namedFault(names: EnvironmentNames, error: unknown): FplusError {
  if (!(error instanceof FplusError)) {
    return new FplusError("config.invalid", messageOf(error), { field: names.url, cause: error });
  }
  const { code, message, hint, field = "" } = error;
  // One that names the variable already keeps it.
  const variable = Object.values(names).includes(field) ? field : (names[field] ?? names.url);
  return new FplusError(code, message, { field: variable, cause: error, ...(hint === undefined ? {} : { hint }) });
}

function faultyPart(kind: string, { field = "", message, hint = "" }: FplusError): PartHealth {
  const detail = `${field}: ${message}. ${hint}`.trim();
  return { kind, name: kind, status: "down", mode: "external", detail, counters: {}, gauges: {} };
}
