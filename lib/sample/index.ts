/**
 * The currency of the house: batches of samples, and the signals they belong to.
 * @module
 */
export { SampleBatch } from "./batch.ts";
export {
  batchFromPlain,
  isHistorical,
  type LooseSample,
  type PlainSample,
  plainSample,
  plainSamples,
  typeOfValue,
} from "./plain.ts";
export { type Quality, qualityOf, Status, statusName, statusOf } from "./quality.ts";
export { Receipt } from "./receipt.ts";
export { type Signal, type SignalIdentity, SignalRegistry, signalPath, signals } from "./signal.ts";
export { isInt64, isNumeric, SampleFlag, type SampleValue, ValueType, valueTypeName, valueTypeOf } from "./types.ts";
export { fitValue, INTEGER_RANGES } from "./fit.ts";
