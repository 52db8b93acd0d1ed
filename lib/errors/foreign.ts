import { cut } from "./cut.ts";

const LONGEST = 300;

const NO_TLS = "The server speaks no TLS at that port: write http:// or correct the port.";
/** Ways out by what the system, or TLS, says of a connection. */
const HINTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "The server's certificate has expired: renew it there.",
  CERT_NOT_YET_VALID: "The server's certificate is not valid yet: check the clocks of both computers.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The server's certificate is for another host: use the name that stands in it.",
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ENOTFOUND: "Check the host's name.",
  EAI_AGAIN: "Check the host's name, and the name server.",
};
const UNKNOWN_AUTHORITY =
  "Node-RED does not know who issued the server's certificate: start it with NODE_EXTRA_CA_CERTS=<file with the authority's certificate>.";
const CHECK_ADDRESS = "Check the address, and that the server runs.";

/** The way out after a connection that failed; `usual` where nothing more is known. */
export function connectionHint(error: unknown, usual = CHECK_ADDRESS): string {
  const code = connectionCode(error);
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code)) return UNKNOWN_AUTHORITY;
  return HINTS[code] ?? usual;
}

/** The code of the system or of TLS behind an error, however deep; empty where there is none. */
export function connectionCode(error: unknown): string {
  let at = error;
  for (let depth = 0; depth < 6 && typeof at === "object" && at !== null; depth++) {
    const { code, cause, errors } = at as { code?: unknown; cause?: unknown; errors?: readonly unknown[] };
    if (typeof code === "string" && /^[A-Z][A-Z_]+$/.test(code)) return code;
    at = cause ?? errors?.[0];
  }
  return "";
}

/** Some letters of whatever was given, to say what is wrong with it; never throws itself. */
export function shown(value: unknown): string {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : typeof value === "object" || typeof value === "function"
        ? typeof value
        : String(value);
  return cut(text, 100);
}

/** What another program said, short enough to be shown: of a page its title. */
export function shortAnswer(text: string): string {
  const page = /<(?:!doctype html|html)\b/i.exec(text);
  if (page !== null) {
    const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim() ?? "";
    const before = text.slice(0, page.index).replace(/[\s:]+$/, "");
    return [before, title === "" ? "a web page" : `a web page, "${title.slice(0, 100)}"`].filter(Boolean).join(": ");
  }
  return cut(text, LONGEST);
}
