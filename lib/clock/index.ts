/**
 * Time by which things grow old, from a clock that may be wrong.
 * @module
 */
export { AgeClock } from "./age-clock.ts";
