/**
 * Typed errors. Lowest room of the house: every other room may import it, it imports nothing.
 * @module
 */
import type { ErrorCode } from "./codes.ts";
import { cut } from "./cut.ts";
import { withoutSecrets } from "./secrets.ts";

export type { ErrorCode } from "./codes.ts";
export { connectionCode, connectionHint, shortAnswer, shown } from "./foreign.ts";
export { withoutSecrets } from "./secrets.ts";

/** No sentence is longer: what it quotes of an input may be a whole file. */
const LONGEST = 1000;
const LONGEST_FIELD = 200;

/** What an error carries beside its sentence. */
export interface FplusErrorDetails {
  /** The field, topic or NodeId at fault, as the user wrote it. */
  readonly field?: string;
  /** The way out, one sentence: what the user can do about it. */
  readonly hint?: string;
  /** Byte offset in the input, for malformed binary data. */
  readonly offset?: number;
  /** The other side's own code, for flows that switch on it: the SQLSTATE of a database. */
  readonly status?: string;
  /** When the other side wants to be asked again, in milliseconds from now. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The only error class the suite throws on purpose. What it says has no passwords of addresses in it. */
export class FplusError extends Error {
  override readonly name = "FplusError";
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  readonly offset: number | undefined;
  readonly status: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: FplusErrorDetails = {}) {
    super(cut(withoutSecrets(message), LONGEST), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field === undefined ? undefined : withoutSecrets(details.field);
    this.hint = details.hint === undefined ? undefined : withoutSecrets(details.hint);
    this.offset = details.offset;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** One line for a log: code, sentence, field and way out. */
  describe(): string {
    const field = this.field === undefined ? "" : ` [${cut(this.field, LONGEST_FIELD)}]`;
    const hint = this.hint === undefined ? "" : ` ${this.hint}`;
    return `${this.code}: ${this.message}${field}${hint}`;
  }
}

/** The sentence of anything that was thrown; never throws itself. */
export function messageOf(error: unknown): string {
  if (error instanceof FplusError) return error.describe();
  if (error instanceof Error) return withoutSecrets(error.message || error.name);
  return withoutSecrets(String(error));
}

/** Wraps a foreign error under one of our codes; one of ours passes unchanged. */
export function toFplusError(code: ErrorCode, error: unknown, details: FplusErrorDetails = {}): FplusError {
  if (error instanceof FplusError) return error;
  return new FplusError(code, messageOf(error), { ...details, cause: error });
}
