/** UCUM codes as people write them. */
const UNIT_SIGNS: Readonly<Record<string, string>> = {
  Cel: "°C",
  "[degF]": "°F",
  "kW.h": "kWh",
  "/min": "1/min",
  deg: "°",
  "N.m": "Nm",
  "m3/h": "m³/h",
};

export function unitSign(unit: string): string {
  return UNIT_SIGNS[unit] ?? unit;
}

/** A value as text: numbers with sensible digits, booleans as on and off. */
export function valueText(value: number | string | boolean | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string") return value;
  const size = Math.abs(value);
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** How long ago: `2 s`, `5 min`, `3 h`, `2 d`. */
export function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A count in few characters: `950`, `12k`, `1.2 M`. */
export function amountText(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  if (count >= 10_000) return `${Math.round(count / 1000)}k`;
  return count.toLocaleString("en", { maximumFractionDigits: count < 10 ? 1 : 0 });
}

/** Severity of an OPC UA StatusCode. */
export function qualityText(status: number): "good" | "uncertain" | "bad" {
  const severity = status >>> 30;
  return severity === 0 ? "good" : severity === 1 ? "uncertain" : "bad";
}
