import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { UserIdentityInfo } from "node-opcua";
import { FplusError, messageOf } from "../errors/index.ts";
import { parseCertificate } from "./certificate.ts";
import type { Opcua } from "./load.ts";

/** A user of the server who signs in with a password. */
export interface PasswordUser {
  readonly name: string;
  readonly password: string;
}

/** A user of the server who signs in with a certificate. Each part is PEM text, or the path of a PEM or DER file. */
export interface CertificateUser {
  readonly certificate: string;
  readonly key: string;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string;
}

/** How we sign in. */
export type UserToken = PasswordUser | CertificateUser;

/**
 * Who we are to the server.
 * @throws FplusError `opcua.identity` naming the field, when certificate or key cannot be read or do not belong together
 */
export async function identityOf(opcua: Opcua, user: UserToken | undefined): Promise<UserIdentityInfo> {
  if (user === undefined) return { type: opcua.UserTokenType.Anonymous };
  if ("name" in user) {
    return { type: opcua.UserTokenType.UserName, userName: user.name, password: user.password };
  }
  const certificate = await certificateOf(user.certificate);
  const key = await keyOf(user.key, user.passphrase);
  if (!certificate.checkPrivateKey(key)) {
    throw fault(
      "userKey",
      "the user's key does not belong to the certificate",
      "Give the key the certificate was made with.",
    );
  }
  const { crypto_utils: crypto } = opcua;
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  return {
    type: opcua.UserTokenType.Certificate,
    certificateData: certificate.raw,
    keyOperations: crypto.keyOperationsFromPrivateKey(crypto.makePrivateKeyFromPem(pem)),
  };
}

async function certificateOf(source: string): Promise<X509Certificate> {
  const read = await contentOf(source, "userCertificate");
  try {
    return parseCertificate(read);
  } catch (error) {
    throw fault("userCertificate", messageOf(error), "Paste it as PEM text, or give the path of a PEM or DER file.");
  }
}

async function keyOf(source: string, passphrase: string | undefined): Promise<KeyObject> {
  const read = await contentOf(source, "userKey");
  const secret = passphrase ? { passphrase } : {};
  try {
    return typeof read === "string" || read.toString("latin1").includes("-----BEGIN")
      ? createPrivateKey({ key: read, ...secret })
      : createPrivateKey({ key: read, format: "der", type: "pkcs8", ...secret });
  } catch (error) {
    const encrypted = /passphrase|decrypt|interrupted/i.test(messageOf(error));
    throw fault(
      "userKey",
      encrypted ? "the user's key is encrypted, and the passphrase is missing or wrong" : "this is no private key",
      encrypted
        ? "Give its passphrase."
        : "Paste it as PEM text, from BEGIN PRIVATE KEY to END PRIVATE KEY, or give a file's path.",
    );
  }
}

/** PEM text as it is, with the line ends that a one-line field took away; anything else is a path. */
async function contentOf(source: string, field: string): Promise<string | Buffer> {
  const text = source.trim();
  if (text === "") throw fault(field, "is empty", "Paste PEM text, or give a file's path.");
  const pem = /^(-----BEGIN [A-Z0-9 ]+-----)([\s\S]*?)(-----END [A-Z0-9 ]+-----)/.exec(text);
  if (pem !== null)
    return text.includes("\n") ? text : [pem[1], pem[2]!.trim().replace(/\s+/g, "\n"), pem[3], ""].join("\n");
  try {
    return await readFile(text);
  } catch (error) {
    throw fault(
      field,
      `the file cannot be read: ${messageOf(error)}`,
      "Give an absolute path that this process may read.",
    );
  }
}

function fault(field: string, message: string, hint: string): FplusError {
  return new FplusError("opcua.identity", message, { field, hint });
}
