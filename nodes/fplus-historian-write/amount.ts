/** A count as people read it in a status: `950`, `2,400`, `12k`, `1.2 M`. */
export function amount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(count >= 1e8 ? 0 : 1)} M`;
  if (count >= 10_000) return `${Math.round(count / 1000)}k`;
  return Math.round(count).toLocaleString("en");
}
