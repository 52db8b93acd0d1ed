import { FplusError } from "../../errors/index.ts";
import { shardHours } from "./shard.ts";

/** Asks the server's API; JSON in and out. Throws where the server refuses. */
export type ApiRequest = (path: string, method: "GET" | "POST" | "PATCH", body?: object) => Promise<unknown>;

/** A bucket of InfluxDB 2, as it should be. */
export interface WantedBucket {
  readonly name: string;
  /** Name or id. */
  readonly org: string;
  /** Days that samples are kept; 0 = as the server has it. */
  readonly retentionDays: number;
  /** Whether a bucket that is there already may be given them: what is older is deleted. */
  readonly mayChange: boolean;
}

interface Bucket {
  readonly id?: unknown;
  readonly orgID?: unknown;
  readonly name?: unknown;
  readonly retentionRules?: readonly {
    readonly everySeconds?: unknown;
    readonly shardGroupDurationSeconds?: unknown;
  }[];
}

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;

/**
 * Makes a bucket that is missing, and gives it the days that samples are kept; what is as wanted stays untouched.
 * @returns what is not as wanted and was left so, or empty
 * @param isMissing says of what `request` threw that the server knows nothing of that name
 * @throws FplusError `historian.rejected` when the token may not see the organisation, and all that `request` throws
 */
export async function ensureBucket(
  request: ApiRequest,
  { name, org, retentionDays, mayChange }: WantedBucket,
  isMissing: (error: unknown) => boolean,
): Promise<string> {
  const buckets = await bucketsNamed(request, name, isId(org) ? { orgID: org } : { org }, isMissing);
  // A server of another make that takes lines only.
  if (buckets === undefined) return "";
  const everySeconds = Math.round(retentionDays * DAY_SECONDS);
  const retentionRules = retentionDays > 0 ? [{ type: "expire", everySeconds }] : [];
  const bucket = buckets.find((one) => one.name === name);
  if (bucket === undefined) {
    const orgID = isId(org) ? org : await idOf(request, org, name);
    await request("/api/v2/buckets", "POST", { name, orgID, retentionRules });
  } else if (retentionDays > 0 && bucket.retentionRules?.[0]?.everySeconds !== everySeconds) {
    if (!mayChange) return "the bucket keeps its own retention; choose Retention in the historian's dialog to set it";
    const hasShards = bucket.retentionRules?.[0]?.shardGroupDurationSeconds !== undefined;
    const shards = hasShards ? { shardGroupDurationSeconds: shardHours(retentionDays) * HOUR_SECONDS } : {};
    const rules = [{ type: "expire", everySeconds, ...shards }];
    await request(`/api/v2/buckets/${encodeURIComponent(String(bucket.id))}`, "PATCH", { retentionRules: rules });
  }
  return "";
}

/**
 * Finds the organisation where none is named: that of the bucket, or the only one that the token may see.
 * @returns its id, which the server takes as a name; empty where it has none, or does not say
 * @throws FplusError `historian.unreachable` with field `org` when there are several, and all that `request` throws
 */
export async function findOrganisation(
  request: ApiRequest,
  bucket: string,
  isMissing: (error: unknown) => boolean,
): Promise<string> {
  const buckets = await bucketsNamed(request, bucket, {}, isMissing);
  let ids = buckets?.filter(({ name }) => name === bucket).map(({ orgID }) => orgID) ?? [];
  if (ids.length === 0) {
    const answer = await request("/api/v2/orgs?limit=2", "GET").catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    ids = organisationsIn(answer).map(({ id }) => id);
  }
  const [id = "", ...others] = ids.filter((one) => typeof one === "string");
  if (others.length === 0) return id;
  const hint = "Name the one that has the bucket.";
  throw new FplusError("historian.unreachable", "the server has several organisations", { field: "org", hint });
}

/** Buckets of that name; undefined where the server knows nothing of buckets. */
async function bucketsNamed(
  request: ApiRequest,
  name: string,
  owner: Readonly<Record<string, string>>,
  isMissing: (error: unknown) => boolean,
): Promise<readonly Bucket[] | undefined> {
  const path = `/api/v2/buckets?${new URLSearchParams({ name, ...owner }).toString()}`;
  const found = await request(path, "GET").catch((error: unknown) => {
    if (isMissing(error)) return { buckets: [] };
    throw error;
  });
  const buckets = (found as { buckets?: unknown } | undefined)?.buckets;
  return Array.isArray(buckets) ? (buckets as readonly Bucket[]) : undefined;
}

/** A token with rights on one bucket sees no organisation, though it may name it. */
async function idOf(request: ApiRequest, org: string, bucket: string): Promise<string> {
  const answer = await request(`/api/v2/orgs?${new URLSearchParams({ org }).toString()}`, "GET");
  const id = organisationsIn(answer)[0]?.id;
  if (typeof id === "string") return id;
  const hint = "Make the bucket on the server, or use a token that may read organisations and write buckets.";
  const text = `the token sees no organisation ${org} to make the bucket ${bucket} in`;
  throw new FplusError("historian.rejected", text, { field: "token", hint });
}

function organisationsIn(answer: unknown): readonly { readonly id?: unknown }[] {
  const orgs = (answer as { orgs?: unknown } | undefined)?.orgs;
  return Array.isArray(orgs) ? (orgs as { id?: unknown }[]) : [];
}

/** The server takes sixteen hexadecimal digits for an id wherever it takes a name. */
function isId(org: string): boolean {
  return /^[0-9a-f]{16}$/.test(org);
}
