import { FplusError } from "../errors/index.ts";

const MAX_KEY_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;

/**
 * Takes the bucket names that every S3 server takes.
 * @throws FplusError `objects.name`
 */
export function checkBucket(bucket: string): void {
  const good =
    typeof bucket === "string" &&
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) &&
    !/\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/.test(bucket);
  if (good) return;
  const hint = "Use 3 to 63 small letters, digits, dots and hyphens, for example factory-plus.";
  throw new FplusError("objects.name", `not a bucket name: ${shown(bucket)}`, { field: "bucket", hint });
}

/**
 * Takes the keys that every store can hold and list: no empty or dotted folder, no control characters.
 * @throws FplusError `objects.name`
 */
export function checkKey(key: string): void {
  const fault = keyFault(key);
  if (fault === undefined) return;
  const hint = "Name an object like configs/line1.json.";
  throw new FplusError("objects.name", `${fault}: ${shown(key)}`, { field: "key", hint });
}

function keyFault(key: unknown): string | undefined {
  if (typeof key !== "string" || key === "") return "no object is named";
  if (!key.isWellFormed()) return "the key is not Unicode";
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  if (/[\u0000-\u001f\u007f\uffff\ufffe]/.test(key)) return "the key has a control character";
  if (key.includes("\\")) return "the key has a backslash";
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `the key is longer than ${MAX_KEY_BYTES} bytes`;
  for (const segment of key.split("/")) {
    if (segment === "") return "the key has an empty folder or name";
    if (segment === "." || segment === "..") return "the key has a folder . or ..";
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)
      return `a name in the key is longer than ${MAX_SEGMENT_BYTES} bytes`;
  }
  return undefined;
}

function shown(name: unknown): string {
  const text = JSON.stringify(name) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
