import { type ErrorCode, FplusError, toFplusError } from "../../errors/index.ts";

/** HTTP status and our own code of every error that S3 knows and this server gives; the names are S3's. */
const FAULTS = {
  AccessDenied: [403, "objects.refused"],
  AuthorizationHeaderMalformed: [400, "objects.request"],
  AuthorizationQueryParametersError: [400, "objects.request"],
  BadDigest: [400, "objects.checksum"],
  BucketAlreadyOwnedByYou: [409, "objects.request"],
  BucketNotEmpty: [409, "objects.request"],
  EntityTooLarge: [400, "objects.request"],
  EntityTooSmall: [400, "objects.request"],
  IncompleteBody: [400, "objects.checksum"],
  InternalError: [500, "objects.io"],
  InvalidAccessKeyId: [403, "objects.refused"],
  InvalidArgument: [400, "objects.request"],
  InvalidBucketName: [400, "objects.name"],
  InvalidDigest: [400, "objects.request"],
  InvalidPart: [400, "objects.request"],
  InvalidPartOrder: [400, "objects.request"],
  InvalidRange: [416, "objects.request"],
  InvalidRequest: [400, "objects.request"],
  InvalidTag: [400, "objects.request"],
  InvalidURI: [400, "objects.request"],
  KeyTooLongError: [400, "objects.name"],
  MalformedXML: [400, "objects.request"],
  MethodNotAllowed: [405, "objects.request"],
  MissingContentLength: [411, "objects.request"],
  NoSuchBucket: [404, "objects.missing"],
  NoSuchBucketPolicy: [404, "objects.missing"],
  NoSuchCORSConfiguration: [404, "objects.missing"],
  NoSuchKey: [404, "objects.missing"],
  NoSuchLifecycleConfiguration: [404, "objects.missing"],
  NoSuchTagSet: [404, "objects.missing"],
  NoSuchUpload: [404, "objects.missing"],
  NoSuchVersion: [404, "objects.missing"],
  NotImplemented: [501, "objects.request"],
  ObjectLockConfigurationNotFoundError: [404, "objects.missing"],
  OperationAborted: [409, "objects.request"],
  PreconditionFailed: [412, "objects.request"],
  NotModified: [304, "objects.request"],
  ReplicationConfigurationNotFoundError: [404, "objects.missing"],
  RequestTimeTooSkewed: [403, "objects.refused"],
  RequestTimeout: [400, "objects.request"],
  ServerSideEncryptionConfigurationNotFoundError: [404, "objects.missing"],
  SignatureDoesNotMatch: [403, "objects.refused"],
  SlowDown: [503, "objects.request"],
  XAmzContentSHA256Mismatch: [400, "objects.checksum"],
} as const satisfies Record<string, readonly [number, ErrorCode]>;

/** The name of an error as S3 clients know it. */
export type S3Code = keyof typeof FAULTS;

/** An error that an S3 client is told; its `status` is S3's name for it. */
export function s3Fault(code: S3Code, message: string): FplusError {
  return new FplusError(FAULTS[code][1], message, { status: code });
}

/** What a client is told of an error: S3's name, the HTTP status and a sentence. */
export interface S3Answer {
  readonly code: S3Code;
  readonly status: number;
  readonly message: string;
}

/** Any error as S3 tells it; what belongs to the plant alone (paths, causes) is not among it. */
export function answerOf(error: unknown): S3Answer {
  const fault = toFplusError("objects.io", error);
  const code = codeOf(fault);
  const message =
    code === "InternalError" ? "The store failed; the plant's log and health page say why." : fault.message;
  return { code, status: FAULTS[code][0], message };
}

function codeOf({ code, status, field }: FplusError): S3Code {
  if (status !== undefined && Object.hasOwn(FAULTS, status)) return status as S3Code;
  if (code === "objects.missing") return field === "bucket" ? "NoSuchBucket" : "NoSuchKey";
  if (code === "objects.name") return field === "bucket" ? "InvalidBucketName" : "InvalidArgument";
  if (code === "objects.request") return field === "range" ? "InvalidRange" : "InvalidArgument";
  if (code === "objects.content-type") return "InvalidArgument";
  return "InternalError";
}
