/**
 * The composition root: one place that knows which stores a plant uses and where its state lives.
 * @module
 */
export { leaseCache } from "./cache.ts";
export { CachedBirths } from "./cached-births.ts";
export { leaseDatabase } from "./database.ts";
export { type Lease, LeaseTable, type ReportingResource, type Resource } from "./lease.ts";
export { leaseObjectStore } from "./objects.ts";
export { leaseSearchStore } from "./search.ts";
export { openPlant, type Plant, type PlantOptions, type PlantServices, processHealth, processLeases } from "./plant.ts";
