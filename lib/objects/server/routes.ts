import * as buckets from "./buckets.ts";
import type { Wish } from "./access.ts";
import { type Call, type Operation, reply } from "./call.ts";
import { type S3Code, s3Fault } from "./faults.ts";
import * as listing from "./listing.ts";
import * as multipart from "./multipart.ts";
import * as objects from "./objects.ts";
import type { Target } from "./target.ts";
import { document } from "./xml.ts";

/** What is done for a request, and what its key must allow. */
export interface Route {
  readonly name: string;
  readonly right: Wish["right"];
  readonly scope: Wish["scope"] | "service";
  readonly run: Operation;
}

/** Parameters that make another request of one with the same method and path. */
const SUBRESOURCES = [
  "accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "intelligent-tiering", "inventory", "legal-hold",
  "lifecycle", "location", "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus",
  "publicAccessBlock", "replication", "requestPayment", "restore", "retention", "select", "tagging", "torrent", "uploads", "uploadId",
  "versioning", "versions", "website",
] as const; // prettier-ignore

const read = (scope: Route["scope"], name: string, run: Operation): Route => ({ right: "read", scope, name, run });
const write = (scope: Route["scope"], name: string, run: Operation): Route => ({ right: "write", scope, name, run });

/** What was never set: clients ask for it before they do anything. */
const absent = (name: string, code: S3Code): Route =>
  read("name", name, (call) =>
    call.engine.describeBucket(call.bucket).then(() => Promise.reject(s3Fault(code, "It was never set."))),
  );

const BUCKET: Readonly<Record<string, Route>> = {
  "GET ": read("list", "ListObjects", listing.listObjects),
  "GET list-type": read("list", "ListObjectsV2", listing.listObjectsV2),
  "GET versions": read("list", "ListObjectVersions", listing.listVersions),
  "GET uploads": read("list", "ListMultipartUploads", multipart.listUploads),
  "GET location": read("name", "GetBucketLocation", buckets.getLocation),
  "GET versioning": read("name", "GetBucketVersioning", buckets.getVersioning),
  "GET lifecycle": read("bucket", "GetBucketLifecycle", buckets.getLifecycle),
  "GET policy": absent("GetBucketPolicy", "NoSuchBucketPolicy"),
  "GET cors": absent("GetBucketCors", "NoSuchCORSConfiguration"),
  "GET tagging": absent("GetBucketTagging", "NoSuchTagSet"),
  "GET encryption": absent("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"),
  "GET object-lock": absent("GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"),
  "GET replication": absent("GetBucketReplication", "ReplicationConfigurationNotFoundError"),
  "GET notification": read("name", "GetBucketNotification", (call) => nothing(call, "NotificationConfiguration")),
  "HEAD ": read("name", "HeadBucket", buckets.headBucket),
  "PUT ": write("bucket", "CreateBucket", buckets.createBucket),
  "PUT versioning": write("bucket", "PutBucketVersioning", buckets.putVersioning),
  "PUT lifecycle": write("bucket", "PutBucketLifecycle", buckets.putLifecycle),
  "DELETE ": write("bucket", "DeleteBucket", buckets.deleteBucket),
  "DELETE lifecycle": write("bucket", "DeleteBucketLifecycle", buckets.deleteLifecycle),
  // Each key in it is judged by itself.
  "POST delete": write("name", "DeleteObjects", objects.deleteObjects),
};

const OBJECT: Readonly<Record<string, Route>> = {
  "GET ": read("object", "GetObject", objects.getObject),
  "GET tagging": read("object", "GetObjectTagging", buckets.getTags),
  "GET uploadId": read("object", "ListParts", multipart.listParts),
  "HEAD ": read("object", "HeadObject", objects.getObject),
  "PUT ": write("object", "PutObject", objects.putObject),
  "PUT copy": write("object", "CopyObject", objects.copyObject),
  "PUT tagging": write("object", "PutObjectTagging", buckets.putTags),
  "PUT uploadId": write("object", "UploadPart", multipart.uploadPart),
  "PUT uploadId copy": write("object", "UploadPartCopy", multipart.copyPart),
  "POST uploads": write("object", "CreateMultipartUpload", multipart.startUpload),
  "POST uploadId": write("object", "CompleteMultipartUpload", multipart.completeUpload),
  "DELETE ": write("object", "DeleteObject", objects.deleteObject),
  "DELETE tagging": write("object", "DeleteObjectTagging", buckets.deleteTags),
  "DELETE uploadId": write("object", "AbortMultipartUpload", multipart.abortUpload),
};

/**
 * Finds what a request asks for.
 * @param copies it names another object as its source
 * @throws FplusError with the status NotImplemented, MethodNotAllowed
 */
export function routeOf(method: string, { bucket, key, query }: Target, copies: boolean): Route {
  if (bucket === "") {
    if (method === "GET") return read("service", "ListBuckets", buckets.listBuckets);
    throw s3Fault("MethodNotAllowed", "The specified method is not allowed against this resource.");
  }
  const sub = SUBRESOURCES.find((name) => query.has(name)) ?? "";
  if (key !== "") return known(OBJECT, method, copies && method === "PUT" ? `${sub} copy`.trim() : sub);
  return known(BUCKET, method, sub === "" && method === "GET" && query.get("list-type") === "2" ? "list-type" : sub);
}

function known(routes: Readonly<Record<string, Route>>, method: string, sub: string): Route {
  const route = routes[`${method} ${sub}`];
  if (route !== undefined) return route;
  if (sub === "" && !/^(GET|HEAD|PUT|POST|DELETE)$/.test(method)) {
    throw s3Fault("MethodNotAllowed", "The specified method is not allowed against this resource.");
  }
  throw s3Fault(
    "NotImplemented",
    `${method} ${sub} is not implemented: a header you provided implies functionality that is not here.`,
  );
}

async function nothing(call: Call, root: string): Promise<void> {
  await call.engine.describeBucket(call.bucket);
  reply(call, 200, document(root));
}
