/**
 * Units of measure by UCUM code: reading, other spellings, conversion. Knows nothing of samples.
 * @module
 */
export { conversion, convert, type Linear } from "./convert.ts";
export { parseUnit, type Unit } from "./parse.ts";
export { unitCode } from "./spelling.ts";
