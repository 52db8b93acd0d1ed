import { isInt64, isNumeric, type SampleBatch, SampleFlag, ValueType } from "../../sample/index.ts";
import { integer } from "./integer.ts";
import { misfit, numberAt, objectAt } from "./value.ts";
import { Carrier, carrierOf, head, metrics, Shape } from "./workbench.ts";

const { shape: shapes, alias: aliases, timeMs: times, timeNs: fractions, real, words } = metrics;
const NUMBER_SHAPE = Shape.HasTime | Shape.HasAlias;
const NUMBER_MASK = NUMBER_SHAPE | Shape.Null | Shape.HasProperties | Shape.Broken;
/** By carrier: whether it holds a number or a truth value. */
const IS_NUMBER = Uint8Array.of(0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const FLAGS = Shape.Historical | Shape.Transient;

/**
 * Adds metric i of the payload on the workbench to a batch, as the type given. Signed integers come out of their unsigned
 * carriers, whichever width their sender used; a metric without a value is null.
 * @throws FplusError `sparkplug.malformed` where the carrier does not fit the type (the batch is left as it was)
 */
export function addMetric(
  i: number,
  type: number,
  signal: number,
  status: number,
  batch: SampleBatch,
  fallbackMs: number,
): void {
  const shape = shapes[i]!;
  const carrier = carrierOf(shape);
  let timeMs = fallbackMs;
  let timeNs = 0;
  if ((shape & Shape.HasTime) !== 0) {
    timeMs = times[i]!;
    timeNs = fractions[i]!;
  } else if (head.timeMs >= 0) {
    timeMs = head.timeMs;
    timeNs = head.timeNs;
  }
  // SampleFlag and Shape name the same two flags, twelve bits apart.
  const flags = (shape & FLAGS) >>> 12;
  if ((shape & Shape.Null) !== 0 || carrier === Carrier.None) {
    batch.flags[batch.add(signal, type, timeMs, timeNs, status)] = flags | SampleFlag.Null;
    return;
  }
  if (type === ValueType.Double && carrier === Carrier.Double) {
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.f64[at] = real[i]!;
    batch.flags[at] = flags;
  } else if (isNumeric(type)) {
    const number = numberAt(i, type);
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.f64[at] = number;
    batch.flags[at] = flags;
  } else if (isInt64(type)) {
    if (carrier !== Carrier.Long && carrier !== Carrier.Int) throw misfit(i, type);
    const lo = words[2 * i]!;
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.words[2 * at] = lo;
    batch.words[2 * at + 1] = carrier === Carrier.Long ? words[2 * i + 1]! : type === ValueType.Int64 ? lo >> 31 : 0;
    batch.flags[at] = flags;
  } else {
    const value = objectAt(i, type);
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.ref[at] = value;
    batch.flags[at] = flags;
  }
}

/** What births said of aliases: lane[alias] is the signal id, -1 for none, and its type. */
export interface AliasLanes {
  readonly signal: Int32Array;
  readonly type: Uint8Array;
}

/**
 * Adds the metrics of the payload on the workbench to a batch that has room for all of them: by itself those that are what
 * nearly all are, a number with an alias and a time and without properties; the others are given to `add`.
 * @param add adds metric i of the workbench to the batch, or leaves it out
 */
export function addMetrics(lanes: AliasLanes, batch: SampleBatch, add: (i: number) => void): void {
  const { signal: ids, type: types } = lanes;
  const { signal, timeMs, timeNs, status, type, flags, f64, words: wide } = batch;
  const { count } = head;
  const known = ids.length;
  let n = batch.length;
  for (let i = 0; i < count; i++) {
    const shape = shapes[i]!;
    const alias = aliases[i]!;
    const carrier = (shape & Shape.CarrierMask) >>> Shape.CarrierShift;
    if ((shape & NUMBER_MASK) === NUMBER_SHAPE && IS_NUMBER[carrier] === 1 && alias < known) {
      const id = ids[alias]!;
      const own = shape & Shape.Datatype;
      const as = own === 0 ? types[alias]! : own;
      const isWide = as === ValueType.Int64 || as === ValueType.UInt64;
      if (id >= 0 && as > 0 && as <= ValueType.Boolean && (!isWide || carrier === Carrier.Long)) {
        if (isWide) {
          wide[2 * n] = words[2 * i]!;
          wide[2 * n + 1] = words[2 * i + 1]!;
        } else if (carrier === Carrier.Double || carrier === Carrier.Float) f64[n] = real[i]!;
        else f64[n] = integer(words[2 * i]!, carrier === Carrier.Long ? words[2 * i + 1]! : 0, as);
        signal[n] = id;
        timeMs[n] = times[i]!;
        timeNs[n] = fractions[i]!;
        status[n] = 0;
        type[n] = as;
        flags[n] = (shape & FLAGS) >>> 12;
        n += 1;
        continue;
      }
    }
    batch.length = n;
    add(i);
    n = batch.length;
  }
  batch.length = n;
}
