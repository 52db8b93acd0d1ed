/**
 * Health of the parts of a plant: who is up, in which mode, with which counters.
 * @module
 */
export { HealthBoard } from "./board.ts";
export { LazyStore, type StoreDescription } from "./lazy-store.ts";
export type { PartHealth, PartMember, PartStatus } from "./part.ts";
