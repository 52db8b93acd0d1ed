import { FplusError } from "../errors/index.ts";
import type { Opcua } from "./load.ts";

/** How messages are protected. */
export type SecurityMode = "None" | "Sign" | "SignAndEncrypt";

/** With which algorithms: all that node-opcua has, the strongest first. */
export const SECURITY_POLICIES = [
  "Aes256_Sha256_RsaPss",
  "Aes128_Sha256_RsaOaep",
  "Basic256Sha256",
  "Basic256",
  "Basic128Rsa15",
  "None",
] as const;

/** A security policy by its short name. */
export type SecurityPolicy = (typeof SECURITY_POLICIES)[number];

/** Policies that the standard has withdrawn (OPC 10000-7): their SHA-1 and PKCS #1 v1.5 can be broken. */
const WITHDRAWN: ReadonlySet<SecurityPolicy> = new Set(["Basic256", "Basic128Rsa15"]);
const URI_PREFIX = "http://opcfoundation.org/UA/SecurityPolicy#";

const MODES: readonly SecurityMode[] = ["None", "Sign", "SignAndEncrypt"];

/**
 * Refuses what is no choice of security: a name misspelt in a flow or a variable must not end in no security at all.
 * @throws FplusError `config.invalid` naming `securityMode` or `securityPolicy`
 */
export function checkSecurity(mode: string, policy: string): void {
  const wrong = (field: string, message: string, hint: string): FplusError =>
    new FplusError("config.invalid", message, { field, hint });
  if (!MODES.some((name) => name === mode))
    throw wrong("securityMode", `no security mode: ${mode}`, `Choose ${MODES.join(", ")}.`);
  if (!SECURITY_POLICIES.some((name) => name === policy))
    throw wrong("securityPolicy", `no security policy: ${policy}`, `Choose ${SECURITY_POLICIES.join(", ")}.`);
  if ((mode === "None") !== (policy === "None"))
    throw wrong(
      "securityPolicy",
      `${mode} does not go with the policy ${policy}`,
      mode === "None" ? "Choose Sign or SignAndEncrypt, or the policy None." : "Choose a policy, or the mode None.",
    );
}

/** The short name of a policy's URI; undefined for one that node-opcua does not have. */
export function policyOf(uri: string | null): SecurityPolicy | undefined {
  if (!uri?.startsWith(URI_PREFIX)) return undefined;
  const name = uri.slice(URI_PREFIX.length);
  return SECURITY_POLICIES.find((policy) => policy === name);
}

/** The short name of a mode; undefined for an invalid one. */
export function modeOf(opcua: Opcua, mode: number): SecurityMode | undefined {
  return MODES.find((name) => opcua.MessageSecurityMode[name] === mode);
}

/** What people should know of a choice of security; empty where it is a good one. */
export function securityWarning(mode: SecurityMode, policy: SecurityPolicy, hasSecret: boolean): string {
  if (mode === "None") {
    return hasSecret
      ? "No security: whoever is on the network reads and changes all values, and sees who signs in."
      : "No security: whoever is on the network reads and changes all values.";
  }
  if (WITHDRAWN.has(policy))
    return `${policy} is withdrawn by the OPC Foundation, for it can be broken: choose another.`;
  return "";
}
