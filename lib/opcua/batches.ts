import { BatchSize } from "./batch-size.ts";
import type { ServerLimits } from "./limits.ts";

/** The calls that take many operations at once, as their limits are called. */
export type BatchedCall =
  | "nodesPerRead"
  | "nodesPerWrite"
  | "nodesPerBrowse"
  | "nodesPerTranslate"
  | "nodesPerHistoryRead"
  | "itemsPerCall";

const learnt = new WeakMap<ServerLimits, Map<BatchedCall, BatchSize>>();

/** The size of one kind of call on the server with these limits; whoever asks shares what is learnt. */
export function batchSize(limits: ServerLimits, call: BatchedCall): BatchSize {
  let sizes = learnt.get(limits);
  if (sizes === undefined) learnt.set(limits, (sizes = new Map()));
  let size = sizes.get(call);
  if (size === undefined) sizes.set(call, (size = new BatchSize(limits[call])));
  return size;
}

/** Limits that are read anew at another session; what was learnt under the former ones holds on. */
export function keepLearnt(limits: ServerLimits, before: ServerLimits): ServerLimits {
  for (const [call, size] of learnt.get(before) ?? []) batchSize(limits, call).limit(size.size);
  return limits;
}
