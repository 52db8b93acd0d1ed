import { SampleBatch, type SampleValue, ValueType } from "../sample/index.ts";
import { addMetric } from "./metric-value.ts";
import { DecodedPayload, MetricFlag } from "./payload.ts";
import { PayloadEncoder } from "./payload-encoder.ts";

/** One metric of an NCMD or DCMD. */
export interface CommandMetric {
  /** Empty where only the alias was sent. */
  readonly name: string;
  readonly alias: number;
  readonly value: SampleValue;
}

/**
 * The metrics of a command message.
 * @throws FplusError `sparkplug.malformed`
 */
export function commandsOf(bytes: Uint8Array): CommandMetric[] {
  const payload = new DecodedPayload().decode(bytes);
  const batch = new SampleBatch(payload.count);
  return Array.from({ length: payload.count }, (_, i) => {
    addMetric(payload, i, payload.datatype[i]!, 0, 0, batch, 0);
    const aliased = (payload.flags[i]! & MetricFlag.HasAlias) !== 0;
    return { name: payload.name(i), alias: aliased ? payload.alias[i]! : -1, value: batch.value(i) };
  });
}

/** A command that sets one metric; commands have no seq. */
export function encodeCommand(
  name: string,
  type: number,
  value: number | bigint | boolean | string,
  now: number,
): Uint8Array {
  return new PayloadEncoder().begin(now, -1).metric({ name }, type, value, now).finish();
}

/** The command that asks an edge node for its births. */
export function rebirthCommand(now: number): Uint8Array {
  return encodeCommand("Node Control/Rebirth", ValueType.Boolean, true, now);
}
