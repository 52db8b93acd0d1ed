import { type FplusError, toFplusError } from "../errors/index.ts";
import { type SampleValue, ValueType } from "../sample/index.ts";
import { decodePayload } from "./codec/decode.ts";
import { encodePlain } from "./codec/encode-plain.ts";
import { metricName } from "./codec/text.ts";
import { typeOf, valueAt } from "./codec/value.ts";
import { REBIRTH_METRIC } from "./control-metrics.ts";
import { head, metrics, Shape } from "./codec/workbench.ts";

/** One metric of an NCMD or DCMD. */
export interface CommandMetric {
  /** Empty where only the alias was sent. */
  readonly name: string;
  /** -1 where there is none. */
  readonly alias: number;
  readonly type: ValueType;
  readonly value: SampleValue;
}

/**
 * The metrics of a command message, as the type they carry, else as the one given (of their births); those that cannot be read are given to `onFault` and left out.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit` where the message as a whole cannot be read
 */
export function commandsOf(
  bytes: Uint8Array,
  typeFor: (name: string, alias: number) => number,
  onFault: (fault: FplusError) => void,
): CommandMetric[] {
  const count = decodePayload(bytes);
  const commands: CommandMetric[] = [];
  for (let i = 0; i < count; i++) {
    const shape = metrics.shape[i]!;
    try {
      if ((shape & Shape.Broken) !== 0) throw head.firstFault;
      const alias = (shape & Shape.HasAlias) !== 0 ? metrics.alias[i]! : -1;
      const name = metricName(i);
      const type = typeOf(i, typeFor(name, alias)) as ValueType;
      commands.push({ name, alias, type, value: valueAt(i, type) });
    } catch (error) {
      onFault(toFplusError("sparkplug.malformed", error));
    }
  }
  return commands;
}

/**
 * A command that sets one metric, by its alias where it was born with one; commands have no seq.
 * @throws FplusError `sparkplug.encode` where the value does not fit the type
 */
export function encodeCommand(metric: string | number, type: number, value: SampleValue, now: number): Uint8Array {
  const target = typeof metric === "number" ? { alias: metric } : { name: metric };
  return encodePlain({ timestamp: now, metrics: [{ ...target, timestamp: now, type, value }] });
}

/** The command that asks an edge node for its births. */
export function rebirthCommand(now: number): Uint8Array {
  return encodeCommand(REBIRTH_METRIC, ValueType.Boolean, true, now);
}
