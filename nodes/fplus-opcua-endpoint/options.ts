import { numberOf } from "../frame/index.ts";
import type { CertificateUser, EndpointOptions, PasswordUser, UserToken } from "../../lib/opcua/index.ts";

/** The properties of an `fplus-opcua-endpoint` config node; those of an older flow may be missing. */
export interface EndpointConfig {
  readonly name: string;
  readonly url: string;
  /** Addresses of stand-ins, one a line. */
  readonly standIns?: string;
  readonly securityMode: NonNullable<EndpointOptions["securityMode"]>;
  readonly securityPolicy: NonNullable<EndpointOptions["securityPolicy"]>;
  readonly trust?: NonNullable<EndpointOptions["trust"]>;
  readonly userType?: "anonymous" | "password" | "certificate";
  /** Seconds; blank = the usual. */
  readonly connectTimeout?: string | number;
  readonly sessionTimeout?: string | number;
  readonly keepAlive?: string | number;
}

/** The credentials of an `fplus-opcua-endpoint` config node. Those of type `password` never reach a browser. */
export const ENDPOINT_CREDENTIALS = {
  username: { type: "text" },
  password: { type: "password" },
  userCertificate: { type: "text" },
  userKey: { type: "password" },
  userKeyPassphrase: { type: "password" },
} as const;

/** The credentials by name, as Node-RED hands them out. */
export type EndpointCredentials = Readonly<Partial<Record<string, string | undefined>>>;

/** The options of a session from a dialog's values. */
export function endpointOptions(
  config: EndpointConfig,
  credentials: EndpointCredentials,
  pkiFolder: string,
): EndpointOptions {
  const user = userOf(config, credentials);
  const standIns = (config.standIns ?? "").split(/[\s,]+/).filter((url) => url !== "");
  return {
    name: config.name || hostOf(config.url),
    url: config.url,
    ...(standIns.length === 0 ? {} : { standIns }),
    securityMode: config.securityMode || "None",
    securityPolicy: config.securityPolicy || "None",
    trust: config.trust || "first-use",
    ...(user === undefined ? {} : { user }),
    ...milliseconds("connectTimeoutMs", config, "connectTimeout"),
    ...milliseconds("sessionTimeoutMs", config, "sessionTimeout"),
    ...milliseconds("keepAliveMs", config, "keepAlive"),
    pkiFolder,
  };
}

function userOf(config: EndpointConfig, credentials: EndpointCredentials): UserToken | undefined {
  const { username = "", password = "", userCertificate = "", userKey = "", userKeyPassphrase = "" } = credentials;
  const type = config.userType || (username === "" ? "anonymous" : "password");
  if (type === "certificate") {
    const user: CertificateUser = { certificate: userCertificate, key: userKey };
    return userKeyPassphrase === "" ? user : { ...user, passphrase: userKeyPassphrase };
  }
  const user: PasswordUser = { name: username, password };
  return type === "password" && username !== "" ? user : undefined;
}

/** A time that the session has of itself where the field is blank. */
function milliseconds<K extends string>(
  name: K,
  config: EndpointConfig,
  field: "connectTimeout" | "sessionTimeout" | "keepAlive",
): Partial<Record<K, number>> {
  if (config[field] === undefined || config[field] === "") return {};
  return { [name]: numberOf(config, field, { usual: 0, least: 0.001 }) * 1000 } as Record<K, number>;
}

function hostOf(url: string): string {
  return /^opc\.tcp:\/\/(\[[^\]]+\]|[^/:]+)/.exec(url)?.[1] ?? "opcua";
}
