import { FplusError } from "../../errors/index.ts";

/** Asks the server's API; JSON in and out. Throws where the server refuses. */
export type ApiRequest = (path: string, method: "GET" | "POST" | "PATCH", body?: object) => Promise<unknown>;

/** A bucket of InfluxDB 2, as it should be. */
export interface WantedBucket {
  readonly name: string;
  readonly org: string;
  /** Days that samples are kept; 0 = as the server has it. */
  readonly retentionDays: number;
  /** Whether a bucket that is there already may be given them: what is older is deleted. */
  readonly mayChange: boolean;
}

interface Bucket {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly retentionRules?: readonly { readonly type?: unknown; readonly everySeconds?: unknown }[];
}

const DAY_SECONDS = 86_400;

/**
 * Makes a bucket that is missing, and gives it the days that samples are kept; what is as wanted stays untouched.
 * @returns what is not as wanted and was left so, or empty
 * @param isMissing says of what `request` threw that the server knows nothing of that name
 * @throws FplusError `historian.rejected` when the organisation is not there, and all that `request` throws
 */
export async function ensureBucket(
  request: ApiRequest,
  { name, org, retentionDays, mayChange }: WantedBucket,
  isMissing: (error: unknown) => boolean,
): Promise<string> {
  const found = await request(`/api/v2/buckets?${new URLSearchParams({ name, org }).toString()}`, "GET").catch(
    (error: unknown) => {
      if (isMissing(error)) return { buckets: [] };
      throw error;
    },
  );
  const buckets = (found as { buckets?: readonly Bucket[] } | undefined)?.buckets;
  // A server of another make that takes lines only.
  if (!Array.isArray(buckets)) return "";
  const everySeconds = Math.round(retentionDays * DAY_SECONDS);
  const retentionRules = retentionDays > 0 ? [{ type: "expire", everySeconds }] : [];
  const bucket = (buckets as readonly Bucket[]).find((one) => one.name === name);
  if (bucket === undefined) {
    await request("/api/v2/buckets", "POST", { name, orgID: await idOf(request, org), retentionRules });
  } else if (retentionDays > 0 && bucket.retentionRules?.[0]?.everySeconds !== everySeconds) {
    if (!mayChange) return "the bucket keeps its own retention; choose Retention in the historian's dialog to set it";
    await request(`/api/v2/buckets/${encodeURIComponent(String(bucket.id))}`, "PATCH", { retentionRules });
  }
  return "";
}

async function idOf(request: ApiRequest, org: string): Promise<string> {
  const answer = await request(`/api/v2/orgs?${new URLSearchParams({ org }).toString()}`, "GET");
  const id = (answer as { orgs?: readonly { readonly id?: unknown }[] } | undefined)?.orgs?.[0]?.id;
  if (typeof id === "string") return id;
  const hint = "Write its name as the server has it, and check the token's rights.";
  throw new FplusError("historian.rejected", `there is no organisation ${org}`, { field: "org", hint });
}
