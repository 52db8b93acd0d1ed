const LAST = 0xffff_ffff;

/** The sequence number after one; 0 is never used (OPC 10000-4 7.13). */
export function after(sequenceNumber: number): number {
  return sequenceNumber === LAST ? 1 : sequenceNumber + 1;
}

/** How far b lies behind a, with the wrap at 2^32; negative where it lies before. */
export function distance(a: number, b: number): number {
  return (b - a) | 0;
}
