import { type ErrorCode, FplusError, messageOf } from "../errors/index.ts";

/** The fields of a PostgreSQL error that are of use to people. */
interface ServerError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly constraint?: string;
  readonly column?: string;
  readonly table?: string;
  readonly severity?: string;
}

/** Ways out that the server itself does not tell. */
const HINTS: Readonly<Record<string, string>> = {
  "28P01": "Check user and password.",
  "28000": "Check user, database and whether the server wants TLS.",
  "3D000": "Create the database, or name one that exists.",
  "40001": "Send the message again: another transaction changed the same rows.",
  "40P01": "Send the message again: two transactions waited for each other.",
  "42601": "Check the SQL at that place. Values belong into parameters, like :name.",
  "42P01": "Create the table first, or check its name and schema.",
  "42P18": "Say its type, like :value::text.",
  "53300": "Lower the connections of this database, or raise max_connections of the server.",
  "57014": "Make the statement faster, or allow it more time.",
  "25006": "This server is a read-only replica, or the session may only read: use the primary's address.",
  "25P02": "Roll back and begin again.",
};

/** Whether a server answered with that error, as opposed to a broken connection. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && typeof (error as ServerError).severity === "string";
}

/** The SQLSTATE of an error of the server; undefined for others. */
export function sqlState(error: unknown): string | undefined {
  return isServerError(error) ? error.code : undefined;
}

/** An error of the driver or the server as one of ours; `sql` lets it say where. One of ours passes unchanged. */
export function sqlError(error: unknown, sql = ""): FplusError {
  if (error instanceof FplusError) return error;
  if (!isServerError(error)) {
    const system = (error as { code?: string } | null)?.code ?? "";
    const text = messageOf(error);
    return new FplusError("database.unreachable", text === "" ? system : text, {
      cause: error,
      ...(system === "" ? {} : { status: system }),
      hint: hintOfConnection(system, text),
    });
  }
  const state = error.code ?? "";
  const place = placeOf(error, sql);
  const detail = error.detail === undefined ? "" : `: ${error.detail}`;
  return new FplusError(codeOf(state), `${error.message}${detail}${place} (SQLSTATE ${state})`, {
    status: state,
    cause: error,
    ...fieldOf(error),
    ...hintOf(state, error.hint),
  });
}

function codeOf(state: string): ErrorCode {
  if (state.startsWith("23")) return "database.constraint";
  if (state === "57014") return "database.timeout";
  if (state.startsWith("08") || state === "57P01" || state === "57P03") return "database.unreachable";
  if (state.startsWith("28") || state === "3D000") return "database.refused";
  if (state === "53300") return "database.busy";
  if (state.startsWith("40") || state.startsWith("25")) return "database.transaction";
  return "database.query";
}

function fieldOf({ column, constraint, table }: ServerError): { field?: string } {
  const field = column ?? constraint ?? table;
  return field === undefined ? {} : { field };
}

function hintOf(state: string, server: string | undefined): { hint?: string } {
  const hint = server ?? HINTS[state];
  return hint === undefined ? {} : { hint };
}

/** Line and column of the statement, as an editor counts them. */
function placeOf({ position }: ServerError, sql: string): string {
  const offset = Number(position ?? 0);
  if (!(offset > 0) || sql === "") return "";
  const before = Array.from(sql)
    .slice(0, offset - 1)
    .join("");
  const line = before.split("\n").length;
  return ` at line ${line}, column ${before.length - before.lastIndexOf("\n")}`;
}

function hintOfConnection(code: string, text: string): string {
  if (/certificate|self.signed/i.test(text))
    return "Give the authority's certificate (CA), or choose TLS without a check of the certificate.";
  if (/does not support SSL/i.test(text)) return "The server has no TLS: switch it on there, or TLS off here.";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Check the host's name.";
  return "Check that the server runs and that address and port are right.";
}
