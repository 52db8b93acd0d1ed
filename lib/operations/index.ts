/**
 * Running a plant: backups of everything it keeps, and restoring them.
 * @module
 */
export * from "./backup/index.ts";
