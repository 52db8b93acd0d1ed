import { crypto_utils as crypto } from "node-opcua";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A certificate and its key, as PEM text and as files. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly privateKeyFile: string;
}

/** What a test's certificate is made for, and from when to when; by default an application, from now for a year. */
export interface TestCertificateOptions {
  readonly name?: string;
  readonly applicationUri?: string;
  readonly notBefore?: Date;
  readonly days?: number;
  readonly user?: boolean;
}

/** Makes a self-signed certificate in a folder. */
export async function makeCertificate(folder: string, options: TestCertificateOptions = {}): Promise<TestCertificate> {
  const { name = "test", applicationUri = "urn:test:server", notBefore = new Date(), days = 365 } = options;
  const privateKey = await crypto.generatePrivateKey(2048);
  const { cert } = await crypto.createSelfSignedCertificate({
    privateKey,
    subject: `/CN=${name}/O=Test`,
    applicationUri,
    dns: ["localhost"],
    ip: ["127.0.0.1"],
    notBefore,
    validity: days,
    purpose: options.user ? crypto.CertificatePurpose.ForUserAuthentication : crypto.CertificatePurpose.ForApplication,
  });
  const { privPem: key } = await crypto.privateKeyToPEM(privateKey);
  mkdirSync(folder, { recursive: true });
  const [certificateFile, privateKeyFile] = [path.join(folder, `${name}.pem`), path.join(folder, `${name}.key.pem`)];
  writeFileSync(certificateFile, cert);
  writeFileSync(privateKeyFile, key, { mode: 0o600 });
  return { certificate: cert, key, certificateFile, privateKeyFile };
}
