import { type CertificateInfo, daysLeft, expiryStage, expiryText } from "./certificate.ts";

/** The certificates that a connection stands on. */
export type CertificateHolder = "our" | "the server's";

/** Watches when certificates end, and says it once 60, 30 and 7 days before, and when it has come. */
export class ExpiryWatch {
  readonly #held = new Map<CertificateHolder, CertificateInfo>();
  readonly #said = new Map<string, number>();

  /** The certificate that is in use now. */
  use(holder: CertificateHolder, certificate: CertificateInfo): void {
    this.#held.set(holder, certificate);
  }

  /** The sentences that are due and were not said yet. */
  due(now = Date.now()): string[] {
    const sentences: string[] = [];
    for (const [holder, { thumbprint, validTo }] of this.#held) {
      const stage = expiryStage(validTo, now);
      if (stage === undefined || stage >= (this.#said.get(thumbprint) ?? Number.POSITIVE_INFINITY)) continue;
      this.#said.set(thumbprint, stage);
      sentences.push(`${holder} certificate ${expiryText(validTo, now)}: ${wayOut(holder)}`);
    }
    return sentences;
  }

  /** Whole days until the first of those ends that are near it; negative once it has, undefined where none is near. */
  daysLeft(now = Date.now()): number | undefined {
    const near = [...this.#held.values()].filter(({ validTo }) => expiryStage(validTo, now) !== undefined);
    return near.length === 0 ? undefined : Math.min(...near.map(({ validTo }) => daysLeft(validTo, now)));
  }

  /** What is near its end now, in short; empty where nothing is. */
  warning(now = Date.now()): string {
    return [...this.#held]
      .filter(([, { validTo }]) => expiryStage(validTo, now) !== undefined)
      .map(([holder, { validTo }]) => `${holder} certificate ${expiryText(validTo, now)}`)
      .join("; ");
  }
}

function wayOut(holder: CertificateHolder): string {
  return holder === "our"
    ? "renew it in the endpoint's dialog and let the server trust the new one."
    : "renew it on the server and trust the new one in the endpoint's dialog.";
}
