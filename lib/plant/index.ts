/**
 * The composition root: one place that knows which stores a plant uses and where its state lives.
 * @module
 */
export { cacheSource } from "./cache.ts";
export { CachedBirths } from "./cached-births.ts";
export { databaseSource } from "./database.ts";
export { historianSource } from "./historian.ts";
export { type Lease, LeaseTable, type ReportingResource, type Resource } from "./lease.ts";
export { objectsSource, openedObjects } from "./objects.ts";
export { openPlant, type Plant, type PlantOptions, type PlantServices, processHealth, processLeases } from "./plant.ts";
export { searchSource } from "./search.ts";
export type { StoreSource } from "./source.ts";
