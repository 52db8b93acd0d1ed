import type { X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseCertificate, thumbprintOf } from "./certificate.ts";

/** What is remembered of certificates beside their files; all keys are thumbprints or `host:port`. */
export interface TrustNotes {
  /** Which certificate a server showed first, or was trusted with. */
  readonly pins: Readonly<Record<string, string>>;
  /** Accepted at the first connection. */
  readonly firstUse: readonly string[];
  /** Trusted by a person, whatever their validity. */
  readonly knowingly: readonly string[];
  /** Where and when a certificate was met last, and why it was refused. */
  readonly met: Readonly<Record<string, Meeting>>;
}

/** One meeting with a certificate. */
export interface Meeting {
  readonly address: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly reason: string;
}

/** The folders of certificates. */
export type TrustPlace = "trusted" | "rejected" | "issuers";

const NOTES_FILE = "trust.json";
const CERTIFICATE_FILE = /\.(pem|der|crt|cer)$/i;

/** The files of a trust list. Files that are no certificate are passed over. */
export class TrustFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async certificates(place: TrustPlace): Promise<X509Certificate[]> {
    return (await this.#files(place)).map(({ certificate }) => certificate);
  }

  /** Revocation lists of issuers, as DER or PEM bytes. */
  async revocationLists(): Promise<Buffer[]> {
    const lists: Buffer[] = [];
    for (const place of ["issuers", "trusted"]) {
      const folder = path.join(this.#root, place, "crl");
      for (const name of await namesIn(folder)) lists.push(await readFile(path.join(folder, name)));
    }
    return lists;
  }

  /** Puts a certificate into one place, and takes it out of the others. */
  async put(place: TrustPlace, certificate: X509Certificate): Promise<void> {
    const thumbprint = thumbprintOf(certificate);
    const folder = path.join(this.#root, place, "certs");
    const file = path.join(folder, `${nameOf(certificate)} [${thumbprint.toLowerCase()}].der`);
    await mkdir(folder, { recursive: true });
    await writeFile(`${file}.new`, certificate.raw);
    await this.remove(thumbprint);
    await rename(`${file}.new`, file);
  }

  async remove(thumbprint: string): Promise<void> {
    for (const place of ["trusted", "rejected"] as const) {
      for (const { file, certificate } of await this.#files(place))
        if (thumbprintOf(certificate) === thumbprint) await rm(file, { force: true });
    }
  }

  /** Removes the certificates that were met longest ago, until no more than `most` are left. */
  async trim(place: TrustPlace, most: number, met: TrustNotes["met"]): Promise<void> {
    const files = await this.#files(place);
    const byAge = files.toSorted(
      (a, b) => (met[thumbprintOf(a.certificate)]?.at ?? 0) - (met[thumbprintOf(b.certificate)]?.at ?? 0),
    );
    for (const { file } of byAge.slice(0, Math.max(0, files.length - most))) await rm(file, { force: true });
  }

  /** The notes; empty ones where there are none, or where they are damaged. */
  async notes(): Promise<TrustNotes> {
    const text = await readFile(path.join(this.#root, NOTES_FILE), "utf8").catch(() => "{}");
    return notesFrom(text);
  }

  /** Keeps the notes, without those of certificates that are in no folder any more. */
  async write(notes: TrustNotes): Promise<void> {
    const kept = new Set(
      [...(await this.certificates("trusted")), ...(await this.certificates("rejected"))].map(thumbprintOf),
    );
    const met = Object.fromEntries(Object.entries(notes.met).filter(([thumbprint]) => kept.has(thumbprint)));
    const file = path.join(this.#root, NOTES_FILE);
    await mkdir(this.#root, { recursive: true });
    await writeFile(`${file}.new`, JSON.stringify({ ...notes, met }, undefined, 2));
    await rename(`${file}.new`, file);
  }

  async #files(place: TrustPlace): Promise<{ file: string; certificate: X509Certificate }[]> {
    const folder = path.join(this.#root, place, "certs");
    const found: { file: string; certificate: X509Certificate }[] = [];
    for (const name of await namesIn(folder)) {
      if (!CERTIFICATE_FILE.test(name)) continue;
      const file = path.join(folder, name);
      try {
        found.push({ file, certificate: parseCertificate(await readFile(file)) });
      } catch {
        continue;
      }
    }
    return found;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** The common name, in characters that every file system takes. */
function nameOf(certificate: X509Certificate): string {
  const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "certificate";
  return name.replace(/[^\w .@-]/g, "_").slice(0, 60);
}

function notesFrom(text: string): TrustNotes {
  let read: Partial<Record<keyof TrustNotes, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) read = parsed;
  } catch {
    // Damaged notes are as good as none: a person trusts again.
  }
  const strings = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  const entries = (value: unknown): [string, unknown][] =>
    typeof value === "object" && value !== null ? Object.entries(value) : [];
  return {
    firstUse: strings(read.firstUse),
    knowingly: strings(read.knowingly),
    pins: Object.fromEntries(
      entries(read.pins).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
    ),
    met: Object.fromEntries(
      entries(read.met).flatMap(([thumbprint, value]) => {
        const { address, at, reason } = (value ?? {}) as Partial<Meeting>;
        return [[thumbprint, { address: String(address ?? ""), at: Number(at) || 0, reason: String(reason ?? "") }]];
      }),
    ),
  };
}
