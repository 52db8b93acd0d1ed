import { FplusError, messageOf } from "../../errors/index.ts";

const MISSING_BUCKET = new Set(["NoSuchBucket"]);
const MISSING_KEY = new Set(["NoSuchKey", "NotFound", "NoSuchVersion", "MethodNotAllowed"]);
const REFUSED = new Set([
  "AccessDenied",
  "SignatureDoesNotMatch",
  "InvalidAccessKeyId",
  "Forbidden",
  "ExpiredToken",
  "RequestTimeTooSkewed",
]);
const UNANSWERED = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Whether no server answered, so that another may be asked; what a server answered is not such. */
export function isUnanswered(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  const text = error instanceof Error ? error.message : "";
  return (typeof code === "string" && UNANSWERED.has(code)) || /socket hang up|Request failed after/.test(text);
}

/** An error of the client or the server as ours. */
export function s3Fault(error: unknown, url: string, bucket: string, key: string): FplusError {
  if (error instanceof FplusError) return error;
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  const text = messageOf(error);
  if (MISSING_BUCKET.has(code)) {
    const hint = "It is made when something is stored in it.";
    return new FplusError("objects.missing", `there is no bucket ${bucket}`, { field: "bucket", hint, cause: error });
  }
  if (MISSING_KEY.has(code) || /^"?(NoSuchVersion|Invalid version id)/i.test(text)) {
    return new FplusError("objects.missing", `there is no ${key} in ${bucket}`, { field: "key", cause: error });
  }
  if (REFUSED.has(code)) {
    const hint = "Check the access key, the secret key and the rights on the bucket.";
    return new FplusError("objects.refused", `${url} refused: ${text}`, { field: "secretKey", hint, cause: error });
  }
  if (code === "InvalidRange") {
    return new FplusError("objects.request", `no bytes of ${key} lie in that range`, { field: "range", cause: error });
  }
  if (isUnanswered(error)) {
    const hint = "Check the address, and that the server runs.";
    return new FplusError("objects.unreachable", `${url}: ${text || code}`, { field: "url", hint, cause: error });
  }
  return new FplusError("objects.io", `${url}: ${text || code || "no answer"}`, { cause: error });
}
