import { checkBucket } from "../names.ts";
import type { ExpiryRule } from "../types.ts";
import { type Call, nameOf, reply, timeOf } from "./call.ts";
import { checkedTags } from "./described.ts";
import { s3Fault } from "./faults.ts";
import { OWNER } from "./listing.ts";
import { found } from "./objects.ts";
import { document, element, elementsOf, group, textOf, type XmlElement } from "./xml.ts";

const MOST_RULES = 1000;

/** ListBuckets: those that the key may know of. */
export async function listBuckets(call: Call): Promise<void> {
  const { engine, holder } = call;
  const names = (await engine.buckets()).filter((bucket) => holder.may({ right: "read", scope: "name", bucket }));
  const buckets = await Promise.all(names.map((name) => engine.describeBucket(name)));
  const entries = buckets.map(({ name, created }) =>
    group("Bucket", element("Name", name), element("CreationDate", timeOf(created))),
  );
  reply(call, 200, document("ListAllMyBucketsResult", OWNER, group("Buckets", ...entries)));
}

/** CreateBucket. */
export async function createBucket(call: Call): Promise<void> {
  const { engine, bucket } = call;
  checkBucket(bucket);
  // The place that a client may name is of no meaning here.
  if (call.request.headers["content-length"] !== undefined) await call.body().text();
  if (engine.hasBucket(bucket)) {
    throw s3Fault(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
    );
  }
  await engine.ensureBucket(bucket);
  call.response.setHeader("location", `/${bucket}`);
  reply(call, 200);
}

/** HeadBucket. */
export async function headBucket(call: Call): Promise<void> {
  await there(call);
  reply(call, 200);
}

/** DeleteBucket: only when nothing is in it. */
export async function deleteBucket(call: Call): Promise<void> {
  if (!(await call.engine.deleteBucket(call.bucket))) {
    throw s3Fault("BucketNotEmpty", "The bucket you tried to delete is not empty");
  }
  reply(call, 204);
}

/** GetBucketLocation. */
export async function getLocation(call: Call): Promise<void> {
  await there(call);
  reply(call, 200, document("LocationConstraint"));
}

/** GetBucketVersioning. */
export async function getVersioning(call: Call): Promise<void> {
  const state = call.engine.versioning(call.bucket);
  const status = state === "never" ? [] : [element("Status", state === "on" ? "Enabled" : "Suspended")];
  reply(call, 200, document("VersioningConfiguration", ...status));
  await Promise.resolve();
}

/** PutBucketVersioning. */
export async function putVersioning(call: Call): Promise<void> {
  await there(call);
  const status = textOf(call.xml.read(await call.body().text(), "VersioningConfiguration"), "Status");
  if (status !== "Enabled" && status !== "Suspended") throw s3Fault("MalformedXML", "Status is Enabled or Suspended.");
  await call.engine.keepVersions(call.bucket, status === "Enabled");
  reply(call, 200);
}

/** GetBucketLifecycleConfiguration. */
export async function getLifecycle(call: Call): Promise<void> {
  const rules = await call.engine.expiry(call.bucket);
  if (rules.length === 0) throw s3Fault("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist");
  const entries = rules.map(({ prefix, days }, i) =>
    group(
      "Rule",
      element("ID", `fplus-${i}`),
      element("Status", "Enabled"),
      group("Filter", element("Prefix", prefix)),
      group("Expiration", element("Days", days)),
    ),
  );
  reply(call, 200, document("LifecycleConfiguration", ...entries));
}

/** PutBucketLifecycleConfiguration: rules of days and a prefix. */
export async function putLifecycle(call: Call): Promise<void> {
  await there(call);
  const rules = elementsOf(call.xml.read(await call.body().text(), "LifecycleConfiguration"), "Rule");
  if (rules.length === 0 || rules.length > MOST_RULES)
    throw s3Fault("MalformedXML", `A bucket has 1 to ${MOST_RULES} rules.`);
  await call.engine.expire(call.bucket, rules.map(ruleOf));
  reply(call, 200);
}

/** DeleteBucketLifecycle. */
export async function deleteLifecycle(call: Call): Promise<void> {
  await there(call);
  await call.engine.expire(call.bucket, []);
  reply(call, 204);
}

/** GetObjectTagging. */
export async function getTags(call: Call): Promise<void> {
  const { tags = {} } = await found(call, nameOf(call));
  const entries = Object.entries(tags).map(([name, value]) =>
    group("Tag", element("Key", name), element("Value", value)),
  );
  reply(call, 200, document("Tagging", group("TagSet", ...entries)));
}

/** PutObjectTagging. */
export async function putTags(call: Call): Promise<void> {
  const [set = {}] = elementsOf(call.xml.read(await call.body().text(), "Tagging"), "TagSet");
  const pairs = elementsOf(set, "Tag").map((tag) => [textOf(tag, "Key"), textOf(tag, "Value")] as const);
  await found(call, nameOf(call));
  await call.engine.tag(nameOf(call), checkedTags(pairs));
  reply(call, 200);
}

/** DeleteObjectTagging. */
export async function deleteTags(call: Call): Promise<void> {
  await found(call, nameOf(call));
  await call.engine.tag(nameOf(call), {});
  reply(call, 204);
}

/** @throws FplusError with the status NoSuchBucket */
async function there({ engine, bucket }: Call): Promise<void> {
  await engine.describeBucket(bucket);
}

function ruleOf(rule: XmlElement): ExpiryRule {
  const known = new Set(["ID", "Status", "Filter", "Prefix", "Expiration", "#text"]);
  const [filter = {}] = elementsOf(rule, "Filter");
  const [expiration = {}] = elementsOf(rule, "Expiration");
  const days = Number(textOf(expiration, "Days"));
  const foreign = [
    ...Object.keys(rule).filter((name) => !known.has(name)),
    ...Object.keys(filter).filter((name) => name !== "Prefix" && name !== "#text"),
    ...Object.keys(expiration).filter((name) => name !== "Days" && name !== "#text"),
  ];
  if (foreign.length > 0)
    throw s3Fault("NotImplemented", `Rules are days and a prefix; ${foreign.join(", ")} is not implemented.`);
  if (textOf(rule, "Status") !== "Enabled") throw s3Fault("NotImplemented", "Rules that are not enabled are not kept.");
  if (!Number.isInteger(days) || days < 1)
    throw s3Fault("InvalidArgument", "'Days' for Expiration action must be a positive integer");
  return { prefix: textOf(filter, "Prefix") || textOf(rule, "Prefix"), days };
}
