import { X509Certificate } from "node:crypto";
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

/** An authority that issues certificates and revokes them. */
export interface TestAuthority {
  /** Its own certificate as PEM text. */
  readonly certificate: string;
  issue(name: string): Promise<{ readonly pem: string; readonly der: Buffer; readonly serialNumber: string }>;
  /** A revocation list as PEM text. */
  revoke(...serialNumbers: string[]): Promise<string>;
}

/** Makes an authority. */
export async function makeAuthority(name = "Plant authority"): Promise<TestAuthority> {
  const keys = await crypto.generateKeyPair(2048);
  const { cert } = await crypto.createSelfSignedCertificate({
    privateKey: keys.privateKey,
    subject: `/CN=${name}`,
    dns: [],
    notBefore: new Date(),
    validity: 365,
    purpose: crypto.CertificatePurpose.ForCertificateAuthority,
  });
  const common = {
    issuerName: new crypto.x509.X509Certificate(cert).subjectName.toJSON(),
    issuerPublicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: { name: "RSASSA-PKCS1-v1_5", hash: { name: "SHA-256" } },
  } as const;
  return {
    certificate: cert,
    async issue(holder) {
      const privateKey = await crypto.generatePrivateKey(2048);
      const { csr } = await crypto.createCertificateSigningRequest({
        privateKey,
        subject: `/CN=${holder}`,
        dns: [],
        applicationUri: "urn:test:server",
        purpose: crypto.CertificatePurpose.ForApplication,
      });
      const issued = await crypto.createCertificateFromCsr({
        ...common,
        csr,
        validity: 100,
        purpose: crypto.CertificatePurpose.ForApplication,
        applicationUri: "urn:test:server",
      });
      const parsed = new X509Certificate(issued.cert);
      return { pem: issued.cert, der: parsed.raw, serialNumber: parsed.serialNumber };
    },
    async revoke(...serialNumbers) {
      const entries = serialNumbers.map((serialNumber) => ({ serialNumber }));
      return (await crypto.createCrl({ ...common, crlNumber: 1, entries })).crl;
    },
  };
}
