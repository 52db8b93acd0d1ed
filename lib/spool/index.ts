/**
 * Store and forward on disk.
 * @module
 */
export type { Spool, SpoolOptions, SpoolPolicy, SpoolRecord, SpoolStats } from "./types.ts";
