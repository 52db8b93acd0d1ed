import { h, type VNode } from "vue";
import { unitSign, valueText } from "../shared/format.ts";

const SWEEP = 220;
const RADIUS = 40;
const LENGTH = (SWEEP / 360) * 2 * Math.PI * RADIUS;

/** The range a gauge shows: percent is 0 to 100; else round numbers about what has been seen. */
export function gaugeRange(unit: string, low: number, high: number): [low: number, high: number] {
  if (unit === "%") return [0, 100];
  const top = niceAbove(Math.max(Math.abs(low), Math.abs(high)));
  return low < 0 ? [-top, top] : [0, top];
}

function niceAbove(value: number): number {
  if (value === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value * 1.15));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value * 1.15) ?? 10;
  return step * power;
}

/** An arc with the value in its middle and the ends of the range below. */
export function gauge(
  name: string,
  unit: string,
  value: number | undefined,
  [low, high]: readonly [number, number],
): VNode {
  const part = value === undefined ? 0 : Math.min(1, Math.max(0, (value - low) / (high - low)));
  const arc = arcPath();
  return h("div", { class: "fplus-gauge" }, [
    h("div", { class: "fplus-gauge-name", title: name }, name),
    h("svg", { viewBox: "0 0 110 88", role: "img", "aria-label": `${name} ${valueText(value)} ${unitSign(unit)}` }, [
      h("path", { class: "fplus-track", d: arc }),
      part > 0
        ? h("path", { class: "fplus-fill", d: arc, "stroke-dasharray": `${(part * LENGTH).toFixed(1)} 999` })
        : null,
      h("text", { x: 55, y: 54, "font-size": 17, "font-weight": 650 }, valueText(value)),
      h("text", { x: 55, y: 67, class: "fplus-small" }, unitSign(unit)),
      h("text", { x: 20, y: 84, class: "fplus-small" }, valueText(low)),
      h("text", { x: 90, y: 84, class: "fplus-small" }, valueText(high)),
    ]),
  ]);
}

function arcPath(): string {
  const at = (degrees: number): string => {
    const angle = (degrees * Math.PI) / 180;
    return `${(55 + RADIUS * Math.cos(angle)).toFixed(2)} ${(50 + RADIUS * Math.sin(angle)).toFixed(2)}`;
  };
  const start = 90 + (360 - SWEEP) / 2;
  return `M${at(start)}A${RADIUS} ${RADIUS} 0 1 1 ${at(start + SWEEP)}`;
}
