import { h, type VNode } from "vue";

/** A small line of the last values, filling its box. */
export function sparkline(values: readonly number[], width = 120, height = 28): VNode {
  const points = values.filter((value) => Number.isFinite(value));
  const low = Math.min(...points);
  const span = Math.max(...points) - low || 1;
  const path = points
    .map(
      (value, i) =>
        `${i === 0 ? "M" : "L"}${((i / Math.max(1, points.length - 1)) * width).toFixed(1)} ${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`,
    )
    .join("");
  return h(
    "svg",
    { class: "fplus-spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    [points.length > 1 ? h("path", { d: path }) : null],
  );
}
