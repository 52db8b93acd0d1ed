import { STATUS_NAMES } from "./status-names.ts";

/**
 * Quality of a value. The currency is the OPC UA StatusCode (32 bits, OPC 10000-4 section 7.39):
 * its two top bits are the severity, so nothing is lost and nothing needs a table to be judged.
 */
export type Quality = "good" | "uncertain" | "bad";

/** StatusCodes that the suite itself sets. */
export const Status = {
  Good: 0x0000_0000,
  Uncertain: 0x4000_0000,
  /** The last value of a source that cannot be reached now. */
  UncertainLastUsableValue: 0x4090_0000,
  Bad: 0x8000_0000,
  BadInternalError: 0x8002_0000,
  BadTimeout: 0x800a_0000,
  BadNoCommunication: 0x8031_0000,
  BadWaitingForInitialData: 0x8032_0000,
  BadNodeIdUnknown: 0x8034_0000,
  BadOutOfRange: 0x803c_0000,
  BadTypeMismatch: 0x8074_0000,
  BadConfigurationError: 0x8089_0000,
  BadNotConnected: 0x808a_0000,
  BadSensorFailure: 0x808c_0000,
} as const;

/** Severity of a StatusCode. */
export function qualityOf(status: number): Quality {
  const severity = status >>> 30;
  return severity === 0 ? "good" : severity === 1 ? "uncertain" : "bad";
}

const CODES = new Map([...STATUS_NAMES].map(([code, name]) => [name, code]));

/** The symbolic name where the standard has one, otherwise hexadecimal; info bits are ignored. */
export function statusName(status: number): string {
  const code = (status & 0xffff_0000) >>> 0;
  return STATUS_NAMES.get(code) ?? `0x${code.toString(16).padStart(8, "0")}`;
}

/** The StatusCode of a name, or one for a quality that came without. */
export function statusOf(quality: string, name = ""): number {
  const named = CODES.get(name);
  if (named !== undefined) return named;
  return quality === "bad" ? Status.Bad : quality === "uncertain" ? Status.Uncertain : Status.Good;
}
