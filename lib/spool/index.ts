/**
 * Store and forward on disk.
 * @module
 */
export { openSpool } from "./spool.ts";
export type { Spool, SpoolOptions, SpoolPolicy, SpoolRecord, SpoolStats } from "./types.ts";
