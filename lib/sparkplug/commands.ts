import { type FplusError, toFplusError } from "../errors/index.ts";
import { type SampleValue, ValueType } from "../sample/index.ts";
import { decodePayload } from "./codec/decode.ts";
import { PayloadEncoder } from "./codec/encoder.ts";
import { metricName } from "./codec/text.ts";
import { typeOf, valueAt } from "./codec/value.ts";
import { head, metrics, Shape } from "./codec/workbench.ts";

/** One metric of an NCMD or DCMD. */
export interface CommandMetric {
  /** Empty where only the alias was sent. */
  readonly name: string;
  /** -1 where there is none. */
  readonly alias: number;
  readonly value: SampleValue;
}

/**
 * The metrics of a command message; those that cannot be read are given to `onFault` and left out.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit` where the message as a whole cannot be read
 */
export function commandsOf(bytes: Uint8Array, onFault: (fault: FplusError) => void): CommandMetric[] {
  const count = decodePayload(bytes);
  const commands: CommandMetric[] = [];
  for (let i = 0; i < count; i++) {
    const shape = metrics.shape[i]!;
    try {
      if ((shape & Shape.Broken) !== 0) throw head.firstFault;
      const alias = (shape & Shape.HasAlias) !== 0 ? metrics.alias[i]! : -1;
      commands.push({ name: metricName(i), alias, value: valueAt(i, typeOf(i, ValueType.Unknown)) });
    } catch (error) {
      onFault(toFplusError("sparkplug.malformed", error));
    }
  }
  return commands;
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
