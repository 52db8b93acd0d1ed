import type { X509Certificate } from "node:crypto";
import { FplusError } from "../errors/index.ts";
import {
  type CertificateInfo,
  describeCertificate,
  expiryText,
  parseCertificate,
  splitChain,
  thumbprintOf,
} from "./certificate.ts";
import { issuedByTrusted } from "./issuer.ts";
import { TrustFolder, type TrustNotes } from "./trust-folder.ts";

/** One certificate of a server, and what is thought of it. */
export interface ListedCertificate extends CertificateInfo {
  readonly state: "trusted" | "rejected";
  /** Accepted by itself at the first connection; nobody has looked at it. */
  readonly firstUse: boolean;
  /** Where it was met last; empty where a file was put into the folder. */
  readonly address: string;
  /** Why it was refused; empty where it was not. */
  readonly reason: string;
}

/** How a server's certificate is judged that is not known yet. */
export type TrustMode = "first-use" | "strict";

/** What came of judging a certificate that passed. */
export interface Acceptance {
  readonly certificate: CertificateInfo;
  /** Whether it was unknown and is now kept as this server's. */
  readonly firstUse: boolean;
}

/** Rejected certificates that are kept; a hostile server must not fill the disk. */
const MAX_REJECTED = 50;

/**
 * The servers that we trust, in the folder layout that OPC UA tools know (`trusted/certs`, `rejected/certs`, `issuers/certs`,
 * `issuers/crl`), so that certificates may also be put there by hand. `trust.json` beside them keeps which server showed
 * which certificate first (its pin).
 */
export class TrustList {
  readonly #folder: TrustFolder;
  #work: Promise<unknown> = Promise.resolve();

  constructor(pkiFolder: string) {
    this.#folder = new TrustFolder(pkiFolder);
  }

  /**
   * Judges what a server shows.
   * @param chain DER after DER, the server's own first
   * @param address `host:port`, under which its certificate is pinned
   * @throws FplusError `opcua.certificate` saying why not, and the way out
   */
  judge(chain: Uint8Array, address: string, mode: TrustMode): Promise<Acceptance> {
    return this.#serially(async () => {
      const [own, ...rest] = splitChain(chain).map((der) => parseCertificate(der));
      return this.#judge(own!, rest, address, mode);
    });
  }

  /** Every certificate in the folders, trusted first, then by subject. */
  list(): Promise<ListedCertificate[]> {
    return this.#serially(async () => {
      const notes = await this.#folder.notes();
      const listed: ListedCertificate[] = [];
      for (const state of ["trusted", "rejected"] as const) {
        const infos = (await this.#folder.certificates(state)).map((one) => describeCertificate(one));
        for (const info of infos.toSorted((a, b) => a.subject.localeCompare(b.subject)))
          listed.push({ ...info, state, ...remembered(notes, info.thumbprint, state) });
      }
      return listed;
    });
  }

  /**
   * Trusts a certificate that is in the lists, knowingly: from then on also when its time is over.
   * @throws FplusError `opcua.certificate` when there is none of that thumbprint
   */
  trust(thumbprint: string): Promise<void> {
    return this.#serially(async () => {
      const certificate = await this.#find(thumbprint);
      await this.#folder.put("trusted", certificate);
      const notes = await this.#folder.notes();
      const { address } = notes.met[thumbprint] ?? { address: "" };
      await this.#folder.write({
        ...notes,
        firstUse: notes.firstUse.filter((one) => one !== thumbprint),
        knowingly: [...new Set([...notes.knowingly, thumbprint])],
        pins: address === "" ? notes.pins : { ...notes.pins, [address]: thumbprint },
      });
    });
  }

  /** Refuses a certificate that is in the lists from now on. */
  reject(thumbprint: string): Promise<void> {
    return this.#serially(async () => {
      await this.#folder.put("rejected", await this.#find(thumbprint));
      const notes = await this.#folder.notes();
      const met = notes.met[thumbprint] ?? { address: "", at: Date.now(), reason: "" };
      await this.#folder.write({
        ...without(notes, thumbprint),
        met: { ...notes.met, [thumbprint]: { ...met, reason: "rejected by hand" } },
      });
    });
  }

  /** Forgets a certificate: the server that shows it is unknown again. */
  remove(thumbprint: string): Promise<void> {
    return this.#serially(async () => {
      await this.#find(thumbprint);
      await this.#folder.remove(thumbprint);
      await this.#folder.write(without(await this.#folder.notes(), thumbprint));
    });
  }

  async #judge(
    own: X509Certificate,
    rest: readonly X509Certificate[],
    address: string,
    mode: TrustMode,
  ): Promise<Acceptance> {
    const certificate = describeCertificate(own);
    const { thumbprint } = certificate;
    const notes = await this.#folder.notes();
    const trusted = await this.#folder.certificates("trusted");
    const known = trusted.some((one) => thumbprintOf(one) === thumbprint);
    const pin = notes.pins[address];
    const refuse = (reason: string, hint: string): Promise<never> => this.#refuse(own, address, reason, hint);

    if ((await this.#folder.certificates("rejected")).some((one) => thumbprintOf(one) === thumbprint)) {
      const reason = notes.met[thumbprint]?.reason || "rejected by hand";
      // What was refused for its circumstances may pass once they have changed.
      if (reason === "rejected by hand")
        return refuse(reason, "Trust it in the endpoint's dialog, under Certificates if it is the server's.");
    }
    const now = Date.now();
    const timely = certificate.validFrom <= now && now < certificate.validTo;
    if (!timely && !notes.knowingly.includes(thumbprint) && (mode === "strict" || !known)) {
      const when = certificate.validFrom > now ? "is not valid yet" : expiryText(certificate.validTo, now);
      return refuse(
        `the server's certificate ${when}`,
        "Renew it on the server, set the clocks right, or trust it knowingly in the endpoint's dialog, under Certificates.",
      );
    }
    if (known && !notes.firstUse.includes(thumbprint)) return this.#accept(notes, address, certificate, false);
    const issued = known ? undefined : await issuedByTrusted(own, rest, trusted, this.#folder);
    if (issued === "revoked")
      return refuse("the server's certificate is revoked by its issuer", "Ask who runs the server.");
    if (issued === "trusted") return this.#accept(notes, address, certificate, false);
    if (known && pin === thumbprint) return this.#accept(notes, address, certificate, false);
    if (pin !== undefined && pin !== thumbprint) {
      return refuse(
        `the server's certificate has changed: it was ${short(pin)}, now it is ${short(thumbprint)}`,
        "If the server was set up anew, trust the new certificate in the endpoint's dialog, under Certificates; if not, somebody stands between.",
      );
    }
    if (mode === "strict") {
      return refuse(
        `the server's certificate ${short(thumbprint)} is not trusted yet`,
        "Compare the fingerprint with the server's and trust it in the endpoint's dialog, under Certificates.",
      );
    }
    await this.#folder.put("trusted", own);
    return this.#accept(
      { ...notes, firstUse: [...new Set([...notes.firstUse, thumbprint])] },
      address,
      certificate,
      true,
    );
  }

  async #accept(
    notes: TrustNotes,
    address: string,
    certificate: CertificateInfo,
    firstUse: boolean,
  ): Promise<Acceptance> {
    const { thumbprint } = certificate;
    if (firstUse || notes.pins[address] !== thumbprint) {
      await this.#folder.write({
        ...notes,
        pins: { ...notes.pins, [address]: thumbprint },
        met: { ...notes.met, [thumbprint]: { address, at: Date.now(), reason: "" } },
      });
    }
    return { certificate, firstUse };
  }

  async #refuse(own: X509Certificate, address: string, reason: string, hint: string): Promise<never> {
    const thumbprint = thumbprintOf(own);
    const notes = await this.#folder.notes();
    const trusted = (await this.#folder.certificates("trusted")).some((one) => thumbprintOf(one) === thumbprint);
    if (!trusted) await this.#folder.put("rejected", own);
    const met = { ...notes.met, [thumbprint]: { address, at: Date.now(), reason } };
    await this.#folder.write({ ...notes, met });
    if (!trusted) await this.#folder.trim("rejected", MAX_REJECTED, met);
    throw new FplusError("opcua.certificate", reason, { field: address, hint });
  }

  async #find(thumbprint: string): Promise<X509Certificate> {
    const all = [...(await this.#folder.certificates("trusted")), ...(await this.#folder.certificates("rejected"))];
    const found = all.find((one) => thumbprintOf(one) === thumbprint);
    if (found !== undefined) return found;
    throw new FplusError("opcua.certificate", `there is no certificate ${thumbprint}`, {
      field: "thumbprint",
      hint: "Open the list again.",
    });
  }

  #serially<R>(job: () => Promise<R>): Promise<R> {
    const work = this.#work.then(job, job);
    this.#work = work.catch(() => undefined);
    return work;
  }
}

const lists = new Map<string, TrustList>();

/** The one list of a folder: two at once would overwrite each other's notes. */
export function trustListOf(pkiFolder: string): TrustList {
  const list = lists.get(pkiFolder) ?? new TrustList(pkiFolder);
  lists.set(pkiFolder, list);
  return list;
}

function without(notes: TrustNotes, thumbprint: string): TrustNotes {
  const others = (list: readonly string[]): string[] => list.filter((one) => one !== thumbprint);
  return {
    firstUse: others(notes.firstUse),
    knowingly: others(notes.knowingly),
    pins: Object.fromEntries(Object.entries(notes.pins).filter(([, pin]) => pin !== thumbprint)),
    met: Object.fromEntries(Object.entries(notes.met).filter(([one]) => one !== thumbprint)),
  };
}

function remembered(
  notes: TrustNotes,
  thumbprint: string,
  state: "trusted" | "rejected",
): Pick<ListedCertificate, "firstUse" | "address" | "reason"> {
  const { address, reason } = notes.met[thumbprint] ?? { address: "", reason: "" };
  return {
    firstUse: notes.firstUse.includes(thumbprint),
    address,
    reason: state === "rejected" ? reason : "",
  };
}

/** As many digits as tell two certificates apart on a screen. */
function short(thumbprint: string): string {
  return `${thumbprint.slice(0, 8)}…`;
}
