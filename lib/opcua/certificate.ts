import { X509Certificate } from "node:crypto";
import { FplusError } from "../errors/index.ts";

/** What people want to know of a certificate. */
export interface CertificateInfo {
  /** SHA-1 over the DER bytes, as OPC UA tools show it: 40 upper-case hex digits. */
  readonly thumbprint: string;
  /** SHA-256 over the DER bytes, as browsers show it: hex pairs with colons. */
  readonly fingerprint: string;
  /** `CN=…, O=…`. */
  readonly subject: string;
  readonly issuer: string;
  readonly selfSigned: boolean;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
  /** The application's URI that the certificate was made for; empty where it names none. */
  readonly applicationUri: string;
  /** Names and addresses of the hosts it was made for. */
  readonly hosts: readonly string[];
}

const SEQUENCE_LONG_FORM = 0x3082;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Days before the end at which people are warned. */
const WARNING_DAYS = [7, 30, 60] as const;

/**
 * The certificates of a chain as it comes over the wire: DER after DER, the holder's own first.
 * @throws FplusError `opcua.certificate` when the bytes are none
 */
export function splitChain(der: Uint8Array): Buffer[] {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const chain: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.length - at < 4 ? 0 : at + 4 + bytes.readUInt16BE(at + 2);
    if (end === 0 || bytes.readUInt16BE(at) !== SEQUENCE_LONG_FORM || end > bytes.length) throw noCertificate();
    chain.push(bytes.subarray(at, end));
    at = end;
  }
  if (chain.length === 0) throw noCertificate();
  return chain;
}

/**
 * Reads one certificate, as PEM text or DER bytes.
 * @throws FplusError `opcua.certificate` when it is none
 */
export function parseCertificate(source: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(source);
  } catch (error) {
    throw noCertificate(error);
  }
}

/** Says what there is to say of a certificate. */
export function describeCertificate(certificate: X509Certificate): CertificateInfo {
  const names = (certificate.subjectAltName ?? "").split(", ");
  const named = (kind: string): string[] =>
    names.flatMap((name) => (name.startsWith(`${kind}:`) ? [name.slice(kind.length + 1)] : []));
  return {
    thumbprint: thumbprintOf(certificate),
    fingerprint: certificate.fingerprint256,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    selfSigned: certificate.checkIssued(certificate),
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
    applicationUri: named("URI")[0] ?? "",
    hosts: [...named("DNS"), ...named("IP Address")],
  };
}

/** SHA-1 over the DER bytes as hex digits. */
export function thumbprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint.replaceAll(":", "");
}

/** Whole days until a certificate ends; negative once it has. */
export function daysLeft(validTo: number, now: number): number {
  return Math.floor((validTo - now) / DAY_MS);
}

/** The warning that is due: 60, 30 or 7 days before the end, 0 when it is over, undefined while it is far. */
export function expiryStage(validTo: number, now: number): number | undefined {
  if (validTo <= now) return 0;
  return WARNING_DAYS.find((days) => daysLeft(validTo, now) < days);
}

/** `expires in 6 days (2026-12-01)` or `expired on 2026-11-01`. */
export function expiryText(validTo: number, now: number): string {
  const date = new Date(validTo).toISOString().slice(0, 10);
  if (validTo <= now) return `expired on ${date}`;
  const days = daysLeft(validTo, now);
  return `expires in ${days} ${days === 1 ? "day" : "days"} (${date})`;
}

function oneLine(name: string): string {
  return name.split("\n").toReversed().join(", ");
}

function noCertificate(cause?: unknown): FplusError {
  return new FplusError("opcua.certificate", "this is no X.509 certificate", {
    hint: "Give it as PEM text, from BEGIN CERTIFICATE to END CERTIFICATE, or as DER.",
    cause,
  });
}
