/**
 * A payload with a few wrong bytes, the ways networks and programs make them: flipped, cut, doubled, spliced with
 * another, lengths changed, fields put twice. The same random numbers make the same payload.
 */
export function mutate(seed: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(seed);
  const at = (): number => Math.floor(random() * bytes.length);
  for (let steps = 1 + Math.floor(random() * 3); steps > 0 && bytes.length > 0; steps--) {
    const kind = random();
    if (kind < 0.4) bytes[at()] = Math.floor(random() * 256);
    else if (kind < 0.55) bytes[at()]! ^= 1 << Math.floor(random() * 8);
    else if (kind < 0.65) bytes = bytes.slice(0, at());
    else if (kind < 0.75) {
      const from = at();
      const to = from + Math.floor(random() * Math.min(24, bytes.length - from));
      bytes = joined(bytes.subarray(0, to), bytes.subarray(from));
    } else if (kind < 0.85) {
      const from = Math.floor(random() * other.length);
      bytes = joined(bytes.subarray(0, at()), other.subarray(from, from + 40));
    } else if (kind < 0.95) bytes = joined(bytes, other);
    else bytes[at()] = 0xff;
  }
  return bytes;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
