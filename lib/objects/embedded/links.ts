import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { FplusError } from "../../errors/index.ts";
import type { LinkGrant } from "../types.ts";
import { isAbsent } from "./files.ts";

const KEY_BYTES = 32;

/** Signs links and judges them: who has no key of the store can neither make one nor change what one allows. */
export class LinkSigner {
  readonly #secret: Buffer;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** Path and query of a link. `expires` is in seconds since the epoch. */
  sign(grant: LinkGrant, expires: number): string {
    const query = new URLSearchParams({ method: grant.method, expires: String(expires) });
    if (grant.name.versionId !== undefined) query.set("version", grant.name.versionId);
    if (grant.fileName !== "") query.set("name", grant.fileName);
    query.set("signature", this.#signature(grant, expires).toString("base64url"));
    const key = grant.name.key.split("/").map(encodeURIComponent).join("/");
    return `/${grant.name.bucket}/${key}?${query.toString()}`;
  }

  /**
   * What a link asked for by path and query allows now.
   * @throws FplusError `objects.refused`
   */
  grantOf(target: string, now: number): LinkGrant {
    const { pathname, searchParams: query } = new URL(target, "http://link");
    const [, bucket = "", ...segments] = pathname.split("/");
    const method = query.get("method") === "PUT" ? "PUT" : "GET";
    const versionId = query.get("version");
    let key: string;
    try {
      key = segments.map(decodeURIComponent).join("/");
    } catch {
      throw refused("the link is damaged");
    }
    const name = versionId === null ? { bucket, key } : { bucket, key, versionId };
    const grant: LinkGrant = { method, name, fileName: query.get("name") ?? "" };
    const expires = Number(query.get("expires"));
    const given = Buffer.from(query.get("signature") ?? "", "base64url");
    const wanted = this.#signature(grant, expires);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw refused("the link is not valid");
    if (!(expires * 1000 > now)) throw refused("the link has expired");
    return grant;
  }

  #signature({ method, name, fileName }: LinkGrant, expires: number): Buffer {
    const signed = JSON.stringify([method, name.bucket, name.key, name.versionId ?? "", fileName, expires]);
    return createHmac("sha256", this.#secret).update(signed).digest();
  }
}

function refused(message: string): FplusError {
  return new FplusError("objects.refused", message, { field: "link", hint: "Ask for a new link." });
}

/** The store's secret, made at first use and readable by its owner only. */
export async function linkSecret(directory: string): Promise<Buffer> {
  const file = path.join(directory, "link.key");
  const known = await readFile(file).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (known?.length === KEY_BYTES) return known;
  const fresh = randomBytes(KEY_BYTES);
  await mkdir(directory, { recursive: true });
  await writeFile(file, fresh, { mode: 0o600, flush: true });
  return fresh;
}
