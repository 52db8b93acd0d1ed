import type { Json, SearchDocument } from "../types.ts";

/** A value that can be compared: lists and objects are taken apart. */
export type Scalar = string | number | boolean | null;

/** What a document has at an attribute. */
export interface Found {
  readonly values: readonly Scalar[];
  /** The attribute is there, be it null or empty. */
  readonly exists: boolean;
  /** An empty text, list or object. */
  readonly empty: boolean;
}

const NOTHING: Found = { values: [], exists: false, empty: false };

/** The values of an attribute; a dot leads into objects, lists are looked through. */
export function valuesAt(document: SearchDocument, attribute: string): Found {
  if (Object.hasOwn(document, attribute)) return found(document[attribute]!);
  const path = attribute.split(".");
  if (path.length === 1) return NOTHING;
  const values: Scalar[] = [];
  let exists = false;
  let empty = false;
  descend(document as Json, path, 0, (value) => {
    const one = found(value);
    values.push(...one.values);
    exists ||= one.exists;
    empty ||= one.empty;
  });
  return { values, exists, empty };
}

function descend(value: Json, path: readonly string[], at: number, meet: (value: Json) => void): void {
  if (at === path.length) return meet(value);
  if (Array.isArray(value)) for (const one of value as readonly Json[]) descend(one, path, at, meet);
  else if (isObject(value) && Object.hasOwn(value, path[at]!)) descend(value[path[at]!]!, path, at + 1, meet);
}

function found(value: Json): Found {
  const values: Scalar[] = [];
  if (Array.isArray(value)) {
    for (const one of value as readonly Json[]) if (!isObject(one) && !Array.isArray(one)) values.push(one as Scalar);
  } else if (!isObject(value)) values.push(value as Scalar);
  const empty =
    value === "" ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0);
  return { values, exists: true, empty };
}

/** Every text and number of a document with the path of its attribute, in the order of the document. */
export function* textsOf(document: SearchDocument): Generator<[attribute: string, text: string]> {
  for (const [name, value] of Object.entries(document)) yield* texts(name, value);
}

function* texts(path: string, value: Json): Generator<[string, string]> {
  if (typeof value === "string") yield [path, value];
  else if (typeof value === "number") yield [path, String(value)];
  else if (Array.isArray(value)) for (const one of value as readonly Json[]) yield* texts(path, one);
  else if (isObject(value)) for (const [name, one] of Object.entries(value)) yield* texts(`${path}.${name}`, one);
}

/** Whether a value is an object of attributes. */
export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
