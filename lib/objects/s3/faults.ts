import { connectionHint, FplusError, messageOf, shortAnswer } from "../../errors/index.ts";

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
  const [, busy] = /Retryable HTTP status: (\d+)/.exec(text) ?? [];
  if (busy !== undefined) {
    const hint = "The server, or a gateway before it, cannot take it now: try again later.";
    return new FplusError("objects.unreachable", `${url} answers with status ${busy}`, {
      field: "url",
      hint,
      cause: error,
    });
  }
  // The client found none of the words of S3 in the answer.
  if (text === "S3Error" || code === "UnknownError" || text.startsWith("Missing tag")) {
    const hint =
      "Check that address and port are those of S3 (a console has another), and that no gateway wants a login.";
    return new FplusError("objects.unreachable", `${url} answers as no S3 server does`, {
      field: "url",
      hint,
      cause: error,
    });
  }
  if (isUnanswered(error) || connectionHint(error) !== connectionHint(undefined)) {
    const hint = connectionHint(error);
    return new FplusError("objects.unreachable", `${url}: ${text || code}`, { field: "url", hint, cause: error });
  }
  return new FplusError("objects.io", `${url}: ${shortAnswer(text || code || "no answer")}`, { cause: error });
}
