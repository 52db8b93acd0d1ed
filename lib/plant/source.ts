import type { HealthBoard, PartHealth } from "../health/index.ts";
import type { Lease, LeaseTable, ReportingResource } from "./lease.ts";

/** Who lends a store: a config node, or the plant itself. */
export interface StoreSource<R extends ReportingResource> {
  /** The store; it opens itself at its first use. Await `ready` before, release when done. */
  lease(): Lease<R>;
  /** Its account for the health page while nobody uses it. */
  unused(): PartHealth;
}

/**
 * A store that all share who name the same `key`, and that the board shows while somebody has it.
 * @param open makes it without opening it
 * @param fingerprint what decides that a store of other settings takes the place of the one that lives
 */
export function storeSource<R extends ReportingResource>(
  leases: LeaseTable,
  board: HealthBoard,
  key: string,
  open: () => R,
  fingerprint = "",
): StoreSource<R> {
  return {
    lease: () => leases.acquireShown(key, board, open, fingerprint),
    unused: () => unusedPart(open()),
  };
}

/** The account of a store that is configured and that nobody uses. */
export function unusedPart(store: ReportingResource): PartHealth {
  const part = store.health();
  return part.status === "off" ? part : { ...part, status: "off", detail: `not used yet: ${part.detail}` };
}
