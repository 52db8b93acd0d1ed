import { type ObjectsOptions, openObjects, transferObjects } from "../../lib/objects/index.ts";
import { everySecond } from "../plant/every-second.ts";
import { folderOf, serverOf } from "./place.ts";

/** Copies all objects of a store into another, reads each back and compares it. False where some could not be copied. */
export async function copyObjects(fromPlace: string, toPlace: string): Promise<boolean> {
  const [from, to] = [openObjects(optionsOf(fromPlace)), openObjects(optionsOf(toPlace))];
  const say = everySecond();
  try {
    const report = await transferObjects(from, to, {
      readBack: true,
      onProgress: ({ copied, present, bytes }) =>
        say(() => `${copied + present} objects, ${Math.round(bytes / 1e6)} MB copied`),
    });
    const { copied, present, failed, failures } = report;
    for (const bucket of await from.buckets()) {
      const rules = await from.expiry(bucket);
      if (rules.length > 0) await to.expire(bucket, rules);
    }
    const former = present > 0 ? `, ${present} of them by a former run` : "";
    console.log(`${copied + present} objects are copied, read back and the same${former}. Older versions stay behind.`);
    for (const { bucket, key, reason } of failed.slice(0, 20)) console.log(`not copied: ${bucket}/${key}: ${reason}`);
    if (failures > 20) console.log(`and ${failures - 20} more objects that could not be copied`);
    return failures === 0;
  } finally {
    await from.close();
    await to.close();
  }
}

function optionsOf(place: string): ObjectsOptions {
  const { FPLUS_OBJECTS_KEY, FPLUS_S3_ACCESS_KEY = "", FPLUS_S3_SECRET_KEY = "", FPLUS_S3_REGION } = process.env;
  const directory = folderOf(place);
  if (directory !== undefined) {
    return { engine: "embedded", directory, ...(FPLUS_OBJECTS_KEY ? { encryptionKey: FPLUS_OBJECTS_KEY } : {}) };
  }
  const { url, user, password } = serverOf(place);
  return {
    engine: "s3",
    url,
    accessKey: user || FPLUS_S3_ACCESS_KEY,
    secretKey: password || FPLUS_S3_SECRET_KEY,
    ...(FPLUS_S3_REGION ? { region: FPLUS_S3_REGION } : {}),
  };
}
