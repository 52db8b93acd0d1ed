import { FplusError } from "../../errors/index.ts";

/** A key with which an organisation's programs come, and what it opens. */
export interface AccessKey {
  /** The organisation, for logs and the health page. */
  readonly name: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Buckets, with a comma between them: `*` stands for any letters, and `bucket/folder/` opens only what begins so. */
  readonly buckets: string;
  readonly rights: "read" | "write";
}

/** What a request wants to do. */
export interface Wish {
  readonly right: "read" | "write";
  /** `bucket` = with the bucket as a whole; `name` = learn that it is there; `list` = see the keys under a prefix; `object` = with one object. */
  readonly scope: "bucket" | "name" | "list" | "object";
  readonly bucket: string;
  /** The key, or the prefix of a list. */
  readonly key?: string;
}

interface Rule {
  readonly bucket: RegExp;
  /** The name where there is no `*` in it. */
  readonly literal: string | undefined;
  readonly prefix: string;
}

const SHORTEST_KEY = 3;
const SHORTEST_SECRET = 8;

/** One access key with its rules ready to be asked. */
export class Holder {
  readonly name: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly #writes: boolean;
  readonly #rules: readonly Rule[];

  /** @throws FplusError `config.invalid`, `config.missing` naming the key */
  constructor({ name, accessKey, secretKey, buckets, rights }: AccessKey) {
    this.name = name || accessKey;
    this.accessKey = accessKey;
    this.secretKey = secretKey;
    this.#writes = rights === "write";
    const who = this.name || "an access key";
    if (accessKey.length < SHORTEST_KEY || !/^[\x21-\x7e]+$/.test(accessKey) || accessKey.includes("/")) {
      throw invalid(`the access key of ${who} is not one`, `Use ${SHORTEST_KEY} letters and digits or more.`);
    }
    if (secretKey.length < SHORTEST_SECRET) {
      throw invalid(`the secret key of ${who} is too short`, `Give ${SHORTEST_SECRET} characters or more.`);
    }
    const patterns = buckets.split(/[\s,]+/).filter((pattern) => pattern !== "");
    if (patterns.length === 0) throw invalid(`${who} may enter no bucket`, "Name its buckets, or * for all.");
    this.#rules = patterns.map((pattern) => ruleOf(pattern, who));
  }

  /** Buckets that are named without a `*`. */
  get named(): string[] {
    return this.#rules.flatMap(({ literal }) => literal ?? []);
  }

  may({ right, scope, bucket, key = "" }: Wish): boolean {
    if (right === "write" && !this.#writes) return false;
    return this.#rules.some((rule) => {
      if (!rule.bucket.test(bucket)) return false;
      if (scope === "name") return true;
      return scope === "bucket" ? rule.prefix === "" : key.startsWith(rule.prefix);
    });
  }
}

/** The holders of all keys, by access key. */
export type Holders = ReadonlyMap<string, Holder>;

/**
 * Makes the keys ready.
 * @throws FplusError `config.invalid`, `config.missing`
 */
export function holdersOf(keys: readonly AccessKey[]): Holders {
  const holders = new Map<string, Holder>();
  for (const key of keys) {
    const holder = new Holder(key);
    if (holders.has(holder.accessKey)) {
      throw invalid(`the access key ${holder.accessKey} is given twice`, "Give every organisation a key of its own.");
    }
    holders.set(holder.accessKey, holder);
  }
  if (holders.size === 0) {
    const hint = "Add one, or leave the port blank.";
    throw new FplusError("config.missing", "there is no access key for programs", { field: "keys", hint });
  }
  return holders;
}

function ruleOf(pattern: string, who: string): Rule {
  const slash = pattern.indexOf("/");
  const bucket = slash < 0 ? pattern : pattern.slice(0, slash);
  const prefix = slash < 0 ? "" : pattern.slice(slash + 1).replace(/\*$/, "");
  if (!/^[a-z0-9.*-]+$/.test(bucket) || prefix.includes("*")) {
    throw invalid(`${who}: ${pattern} is no bucket`, "Write buckets like factory-plus, org-acme-* or shared/reports/.");
  }
  return {
    bucket: new RegExp(`^${bucket.replaceAll(".", "\\.").replaceAll(/\*+/g, "[a-z0-9.-]*")}$`),
    literal: bucket.includes("*") ? undefined : bucket,
    prefix,
  };
}

function invalid(message: string, hint: string): FplusError {
  return new FplusError("config.invalid", message, { field: "keys", hint });
}
