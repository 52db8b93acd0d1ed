/**
 * The samples that a display of about `maxPoints` points needs: of every bucket of time its minimum and its maximum,
 * in order of time, plus the first sample that is no number (so that a gap stays visible). Null when all fit anyway.
 */
export function minMaxIndices(
  time: Float64Array,
  value: Float64Array,
  from: number,
  to: number,
  maxPoints: number,
): Uint32Array | null {
  if (time.length <= maxPoints) return null;
  const buckets = Math.max(1, Math.floor(maxPoints / 2));
  const width = (to - from) / buckets;
  const kept: number[] = [];
  for (let i = 0; i < time.length;) {
    const end = from + width * (Math.floor((time[i]! - from) / width) + 1);
    let low = -1;
    let high = -1;
    let gap = -1;
    do {
      const now = value[i]!;
      if (Number.isNaN(now)) gap = gap < 0 ? i : gap;
      else {
        if (low < 0 || now < value[low]!) low = i;
        if (high < 0 || now > value[high]!) high = i;
      }
      i++;
    } while (i < time.length && time[i]! < end);
    const bucket = [...new Set([low, high, gap])].filter((index) => index >= 0).sort((a, b) => a - b);
    kept.push(...bucket);
  }
  return Uint32Array.from(kept);
}
