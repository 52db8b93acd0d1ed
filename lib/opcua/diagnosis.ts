import { FplusError, messageOf } from "../errors/index.ts";

/** Why a connection could not be made, in the words of a plant. */
export function reasonOf(error: unknown): string {
  if (error instanceof FplusError) return error.message;
  const text = messageOf(error).split("\n")[0] ?? "";
  if (/ECONNREFUSED/.test(messageOf(error))) return "connection refused";
  if (/ENOTFOUND|EAI_AGAIN/.test(text)) return "host name not found";
  if (/ETIMEDOUT|timeout/i.test(text)) return "no answer";
  return text;
}

/** The way out of a failed connection. */
export function hintFor(reason: string): string {
  if (reason === "host name not found") return "Check the spelling of the address.";
  if (/BadTooManySessions/.test(reason)) return "The server has no session left; close other clients.";
  if (/BadIdentityTokenRejected|BadUserAccessDenied/.test(reason)) return "Check user name and password.";
  if (/security|certificate/i.test(reason)) return "Choose a security policy and mode that the server offers.";
  return "Check address, port and whether the server runs; it is tried again by itself.";
}

/** The typed error of a connection that could not be made; one that is typed already stays as it is. */
export function connectionError(url: string, error: unknown): FplusError {
  if (error instanceof FplusError) return error;
  const reason = reasonOf(error);
  return new FplusError("opcua.unreachable", reason, { field: url, hint: hintFor(reason), cause: error });
}
