import type { X509Certificate } from "node:crypto";
import { thumbprintOf } from "./certificate.ts";
import { loadOpcua } from "./load.ts";
import type { TrustFolder } from "./trust-folder.ts";

/** Certificates between a server's own and the one that is trusted, at most. */
const MAX_CHAIN = 8;

/**
 * Whether a certificate was issued, over however many steps, by an authority whose certificate is trusted. Steps between
 * may come with the server's chain or lie in `issuers/certs`; every one must be an authority whose time is not over.
 * @returns `revoked` where a revocation list in `issuers/crl` or `trusted/crl`, signed by its issuer, names the certificate
 */
export async function issuedByTrusted(
  own: X509Certificate,
  chain: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  folder: TrustFolder,
): Promise<"trusted" | "revoked" | undefined> {
  const between = [...chain, ...(await folder.certificates("issuers"))];
  let holder = own;
  for (let step = 0; step < MAX_CHAIN; step++) {
    const root = trusted.find((authority) => issued(authority, holder));
    const issuer = root ?? between.find((authority) => issued(authority, holder) && !same(authority, holder));
    if (issuer === undefined) return undefined;
    if (await isRevoked(holder, issuer, folder)) return "revoked";
    if (root !== undefined) return "trusted";
    holder = issuer;
  }
  return undefined;
}

function issued(authority: X509Certificate, holder: X509Certificate): boolean {
  const now = Date.now();
  return (
    authority.ca &&
    holder.checkIssued(authority) &&
    holder.verify(authority.publicKey) &&
    Date.parse(authority.validFrom) <= now &&
    now < Date.parse(authority.validTo)
  );
}

async function isRevoked(holder: X509Certificate, issuer: X509Certificate, folder: TrustFolder): Promise<boolean> {
  const lists = await folder.revocationLists();
  if (lists.length === 0) return false;
  const { crypto_utils: crypto } = await loadOpcua();
  const serial = hex(holder.serialNumber);
  for (const list of lists) {
    try {
      const der = list[0] === 0x30 ? list : crypto.convertPEMtoDER(list.toString());
      if (!crypto.verifyCertificateRevocationListSignature(der, issuer.raw)) continue;
      const { tbsCertList } = crypto.exploreCertificateRevocationList(der);
      const revoked = tbsCertList.revokedCertificates ?? [];
      if (revoked.some(({ userCertificate }) => hex(userCertificate) === serial)) return true;
    } catch {
      // A list that cannot be read says nothing of this certificate.
    }
  }
  return false;
}

function same(a: X509Certificate, b: X509Certificate): boolean {
  return thumbprintOf(a) === thumbprintOf(b);
}

/** A serial number without separators and leading zeros. */
function hex(serial: string): string {
  return serial
    .replace(/[^\da-f]/gi, "")
    .replace(/^0+/, "")
    .toLowerCase();
}
