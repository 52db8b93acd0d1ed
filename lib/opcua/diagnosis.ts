import { FplusError, messageOf } from "../errors/index.ts";

/** What a failure looks like, what it means in the words of a plant, and the way out. */
interface Diagnosis {
  readonly sign: RegExp;
  readonly reason: string | ((match: RegExpExecArray) => string);
  readonly hint: string;
}

const MODES = ["", "None", "Sign", "SignAndEncrypt"];

const DIAGNOSES: readonly Diagnosis[] = [
  {
    sign: /ECONNREFUSED/,
    reason: "connection refused",
    hint: "Check address and port, and whether the server runs.",
  },
  { sign: /ENOTFOUND|EAI_AGAIN/, reason: "host name not found", hint: "Check the spelling of the address." },
  {
    sign: /EHOSTUNREACH|ENETUNREACH/,
    reason: "no way to the host",
    hint: "Check cable, network and address.",
  },
  {
    sign: /Cannot find an Endpoint matching\s+security mode: (\d) policy: \S*#(\w+)/,
    reason: ([, mode, policy]) => `the server does not offer ${MODES[Number(mode)] ?? mode} with ${policy}`,
    hint: "Press Find servers in the endpoint's dialog and choose from what it offers.",
  },
  {
    sign: /Cannot find ANONYMOUS user token/,
    reason: "the server lets nobody in who does not sign in",
    hint: "Give a user with password, or a user's certificate.",
  },
  {
    sign: /Cannot find (USERNAME|Certificate)/i,
    reason: ([, kind]) => `the server does not take users with a ${/user/i.test(kind!) ? "password" : "certificate"}`,
    hint: "Press Find servers in the endpoint's dialog: it shows how users may sign in.",
  },
  {
    sign: /BadIdentityTokenRejected|BadUserAccessDenied|BadIdentityTokenInvalid/,
    reason: ([code]) => `the server refuses the user (${code})`,
    hint: "Check user name and password; with a user's certificate, let the server trust it.",
  },
  {
    sign: /BadTooManySessions/,
    reason: "the server has no session left (BadTooManySessions)",
    hint: "Close other clients, or let the server grant more.",
  },
  {
    sign: /BadMaxConnectionsReached|BadTcpServerTooBusy|BadTcpNotEnoughResources/,
    reason: ([code]) => `the server takes no more connections (${code})`,
    hint: "Close other clients.",
  },
  {
    sign: /BadSecurityChecksFailed|BadCertificate\w+|BadSecurityPolicyRejected/,
    reason: ([code]) => `the server refuses our certificate (${code})`,
    hint: "Trust it on the server, where it often lies among the rejected ones; our fingerprint is in the endpoint's dialog.",
  },
  {
    sign: /BadTcpEndpointUrlInvalid/,
    reason: "the server has no such address (BadTcpEndpointUrlInvalid)",
    hint: "Check the path behind the port; Find servers in the endpoint's dialog shows it.",
  },
  {
    sign: /BadServerHalted|BadShutdown/,
    reason: "the server is shutting down",
    hint: "Wait until it runs again.",
  },
  {
    sign: /ETIMEDOUT|time-?d? ?out/i,
    reason: "no answer",
    hint: "Check address and network.",
  },
];

const USUAL_HINT = "Check address, port and whether the server runs.";

/** Why a connection could not be made, in the words of a plant. */
export function reasonOf(error: unknown): string {
  return error instanceof FplusError ? error.message : diagnose(messageOf(error)).reason;
}

/** The typed error of a connection that could not be made; one that is typed already stays as it is. */
export function connectionError(url: string, error: unknown): FplusError {
  if (error instanceof FplusError) return error;
  const { reason, hint } = diagnose(messageOf(error));
  return new FplusError("opcua.unreachable", reason, { field: url, hint, cause: error });
}

function diagnose(text: string): { reason: string; hint: string } {
  for (const { sign, reason, hint } of DIAGNOSES) {
    const match = sign.exec(text);
    if (match !== null) return { reason: typeof reason === "string" ? reason : reason(match), hint };
  }
  return { reason: text.split("\n")[0] ?? "", hint: USUAL_HINT };
}
