const numbers = new WeakMap<object, number>();
let last = 0;

/** A number for each object, to tell one from another with the same settings, as after a change and back. */
export function objectNumber(object: object): number {
  const known = numbers.get(object);
  if (known !== undefined) return known;
  last += 1;
  numbers.set(object, last);
  return last;
}
