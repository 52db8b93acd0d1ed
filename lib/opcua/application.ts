import { createPrivateKey, randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ICertificateKeyPairProvider } from "node-opcua";
import { FplusError, messageOf } from "../errors/index.ts";
import { type CertificateInfo, describeCertificate, parseCertificate } from "./certificate.ts";
import { loadOpcua } from "./load.ts";

/** The certificate and key with which we show ourselves to servers. */
export interface Application {
  /** Stays the same for ever, whatever the host is called: servers know us by it. */
  readonly applicationUri: string;
  readonly certificate: CertificateInfo;
  /** The certificate as PEM text, for people to hand to a server. */
  readonly pem: string;
  /** In the form that node-opcua takes. */
  readonly keyPair: ICertificateKeyPairProvider;
}

const CERTIFICATE_FILE = "own/certs/client_certificate.pem";
const KEY_FILE = "own/private/private_key.pem";
const URI_FILE = "own/application-uri";
const VALID_DAYS = 10 * 365;
/** Without the plus sign, which joins the parts of a name in X.509. */
const SUBJECT = "/CN=Factory Plus for Node-RED/O=Factory Plus";
/** Only the user whom the process runs as may read a key. */
const SECRET_MODE = 0o600;
const SECRET_FOLDER_MODE = 0o700;

/** Making a key takes a second, and two at once would race for the file: one at a time in a folder. */
const queues = new Map<string, Promise<Application>>();

/**
 * Our certificate in a folder; made at the first call, read from then on.
 * @param pkiFolder absolute; the certificate lies in `own/certs`, its key in `own/private`
 * @throws FplusError `opcua.certificate` when the files are damaged or cannot be written
 */
export function openApplication(pkiFolder: string): Promise<Application> {
  return queued(pkiFolder, async () => (await read(pkiFolder)) ?? make(pkiFolder));
}

/** Makes a new key and certificate for the same application. Servers must be told to trust it. */
export function renewApplication(pkiFolder: string): Promise<Application> {
  return queued(pkiFolder, () => make(pkiFolder));
}

function queued(pkiFolder: string, job: () => Promise<Application>): Promise<Application> {
  const before = queues.get(pkiFolder) ?? Promise.resolve();
  const work = before.then(job, job).catch((error: unknown) => {
    throw error instanceof FplusError ? error : fileError(error, pkiFolder);
  });
  queues.set(pkiFolder, work);
  const forget = (): void => {
    if (queues.get(pkiFolder) === work) queues.delete(pkiFolder);
  };
  work.then(forget, forget);
  return work;
}

async function read(pkiFolder: string): Promise<Application | undefined> {
  const [certificate, key] = await Promise.all([
    textOf(path.join(pkiFolder, CERTIFICATE_FILE)),
    textOf(path.join(pkiFolder, KEY_FILE)),
  ]);
  if (certificate === undefined || key === undefined) return undefined;
  // An older release, or a copy by hand, may have left it readable for others.
  await chmod(path.join(pkiFolder, KEY_FILE), SECRET_MODE);
  return applicationOf(certificate, key, pkiFolder);
}

async function make(pkiFolder: string): Promise<Application> {
  const { crypto_utils: crypto } = await loadOpcua();
  const applicationUri = await uriOf(pkiFolder);
  const privateKey = await crypto.generatePrivateKey(2048);
  const { cert } = await crypto.createSelfSignedCertificate({
    privateKey,
    subject: SUBJECT,
    applicationUri,
    dns: [os.hostname()],
    validity: VALID_DAYS,
    notBefore: new Date(),
    purpose: crypto.CertificatePurpose.ForApplication,
  });
  const { privPem } = await crypto.privateKeyToPEM(privateKey);
  await mkdir(path.join(pkiFolder, "own/private"), { recursive: true, mode: SECRET_FOLDER_MODE });
  await mkdir(path.join(pkiFolder, "own/certs"), { recursive: true });
  await replace(path.join(pkiFolder, KEY_FILE), privPem, SECRET_MODE);
  await replace(path.join(pkiFolder, CERTIFICATE_FILE), cert);
  return applicationOf(cert, privPem, pkiFolder);
}

/** The URI of the certificate that there is, or the one kept in its file; a new one where there is neither. */
async function uriOf(pkiFolder: string): Promise<string> {
  const kept = (await textOf(path.join(pkiFolder, URI_FILE)))?.trim();
  if (kept) return kept;
  const former = await textOf(path.join(pkiFolder, CERTIFICATE_FILE));
  const uri =
    (former === undefined ? "" : describeCertificate(parseCertificate(former)).applicationUri) ||
    `urn:factory-plus:node-red:${randomUUID()}`;
  await mkdir(path.join(pkiFolder, "own"), { recursive: true });
  await replace(path.join(pkiFolder, URI_FILE), `${uri}\n`);
  return uri;
}

async function applicationOf(pem: string, keyPem: string, pkiFolder: string): Promise<Application> {
  const { crypto_utils: crypto } = await loadOpcua();
  const certificate = parseCertificate(pem);
  const key = crypto.makePrivateKeyFromPem(keyPem);
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new FplusError("opcua.certificate", "our certificate and its key do not belong together", {
      field: path.join(pkiFolder, CERTIFICATE_FILE),
      hint: "Renew the certificate in the endpoint's dialog, then let the servers trust it.",
    });
  }
  const info = describeCertificate(certificate);
  return {
    applicationUri: info.applicationUri,
    certificate: info,
    pem: certificate.toString(),
    keyPair: {
      getCertificate: () => certificate.raw,
      getCertificateChain: () => [certificate.raw],
      getPrivateKey: () => key,
    },
  };
}

/** Written beside and moved into place: a reader sees the old file or the new one. */
async function replace(file: string, text: string, mode = 0o644): Promise<void> {
  const beside = `${file}.${process.pid}.new`;
  await writeFile(beside, text, { mode });
  await rename(beside, file);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function fileError(error: unknown, pkiFolder: string): FplusError {
  return new FplusError("opcua.certificate", `our certificate cannot be read or made: ${messageOf(error)}`, {
    field: pkiFolder,
    hint: "Check that the folder is writable, or renew the certificate in the endpoint's dialog.",
    cause: error,
  });
}
