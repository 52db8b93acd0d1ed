import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { FplusError, messageOf } from "../../errors/index.ts";
import { metricName, textAt } from "./text.ts";
import { BYTES, Carrier, carrierOf, head, MAX_PAYLOAD_BYTES, metrics } from "./workbench.ts";

/** The uuid of a payload whose body is another payload, compressed; known from Tahu, not from the specification. */
export const COMPRESSED_UUID = "SPBV1.0_COMPRESSED";
/** The metric that names how. */
export const ALGORITHM_METRIC = "algorithm";
/** How a body is compressed. */
export type Algorithm = "DEFLATE" | "GZIP";

/** Whether the payload on the workbench is such a one. */
export function isCompressed(): boolean {
  return head.bodyStart >= 0 && head.uuidStart >= 0 && textAt(head.uuidStart, head.uuidEnd) === COMPRESSED_UUID;
}

/**
 * The payload within the one on the workbench.
 * @throws FplusError `sparkplug.malformed`; `sparkplug.limit` where it would become larger than a payload may be
 */
export function decompressedBody(): Uint8Array {
  const body = BYTES.subarray(head.bodyStart, head.bodyEnd);
  const algorithm = algorithmOf();
  try {
    const options = { maxOutputLength: MAX_PAYLOAD_BYTES };
    return algorithm === "GZIP" ? gunzipSync(body, options) : inflateSync(body, options);
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw new FplusError(tooLarge ? "sparkplug.limit" : "sparkplug.malformed", `${algorithm}: ${messageOf(error)}`, {
      offset: head.bodyStart,
      cause: error,
    });
  }
}

/** The bytes, compressed. */
export function compressed(bytes: Uint8Array, algorithm: Algorithm): Uint8Array {
  return algorithm === "GZIP" ? gzipSync(bytes) : deflateSync(bytes);
}

function algorithmOf(): Algorithm {
  for (let i = 0; i < head.count; i++) {
    if (carrierOf(metrics.shape[i]!) !== Carrier.String || metricName(i) !== ALGORITHM_METRIC) continue;
    const name = textAt(metrics.words[2 * i]!, metrics.words[2 * i + 1]!).toUpperCase();
    if (name === "GZIP" || name === "DEFLATE") return name;
    throw new FplusError("sparkplug.malformed", `the compression ${name} is not known`, { field: ALGORITHM_METRIC });
  }
  return "DEFLATE";
}
