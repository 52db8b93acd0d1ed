import sparkplugPayload from "sparkplug-payload";
import type { PayloadInput } from "../../../lib/sparkplug/index.ts";

/** The codec that everybody else on Node.js uses. */
export const peer = sparkplugPayload.get("spBv1.0")!;
export type PeerPayload = Parameters<typeof peer.encodePayload>[0];

export const NOW = 1_700_000_000_123;
/** Types as a machine has them, in turn. */
const TYPES = ["Double", "Float", "Int32", "Boolean", "Int64", "UInt16", "Double", "Int32", "Double", "Float"] as const;

function value(type: (typeof TYPES)[number], i: number): number | boolean {
  if (type === "Boolean") return i % 3 === 0;
  if (type === "Double" || type === "Float") return 20 + i / 7;
  return ((i * 37) % 1000) * (type === "Int32" ? -1 : 1);
}

/** DATA by alias with datatypes, eight metrics a timestamp. */
export function data(count: number): PayloadInput {
  return {
    timestamp: NOW,
    seq: 7,
    metrics: Array.from({ length: count }, (_, i) => {
      const type = TYPES[i % TYPES.length]!;
      return { alias: i, timestamp: NOW + (i >> 3), type, value: value(type, i) };
    }),
  };
}

/** The same with timestamps in nanoseconds, as the AMRC stack sends them. */
export function nanosecondData(count: number): PayloadInput {
  return {
    ...data(count),
    metrics: data(count).metrics!.map((metric, i) => ({
      ...metric,
      timestamp: BigInt(NOW) * 1_000_000n + BigInt(i >> 3) * 1_234_567n,
    })),
  };
}

/** A birth: names, aliases, and three or four properties a metric. */
export function birth(count: number): PayloadInput {
  return {
    timestamp: NOW,
    seq: 0,
    metrics: Array.from({ length: count }, (_, i) => {
      const type = TYPES[i % TYPES.length]!;
      return {
        name: `Line1/Machine${i % 6}/Module${i % 11}/Value${i}`,
        alias: i,
        timestamp: NOW,
        type,
        value: value(type, i),
        properties: {
          Quality: { type: "Int32", value: 192 },
          engUnit: { type: "String", value: ["°C", "bar", "kW", "rpm"][i % 4] },
          engHigh: { type: "Double", value: 100 + i },
          ...(i % 4 === 0 ? { documentation: { type: "String", value: `Value ${i} of the machine` } } : {}),
        },
      };
    }),
  };
}
