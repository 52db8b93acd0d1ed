import type { PointKey } from "../point.ts";

/** Measurement and tags as a line begins, without the space behind them. */
export function headText({ measurement, tags }: Pick<PointKey, "measurement" | "tags">): string {
  const name = measurement.replaceAll(/[, ]/g, String.raw`\$&`);
  const parts = tags.map(([key, value]) => [keyText(key), tagValue(value)] as const);
  return [name, ...parts.filter(([, value]) => value !== "").map(([key, value]) => `${key}=${value}`)].join(",");
}

/** A tag's or field's name, escaped. */
export function keyText(key: string): string {
  return key.replaceAll(/[,= ]/g, String.raw`\$&`);
}

/** Text between quotes. */
export function fieldText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Line protocol cannot hold a line break in a tag, nor a backslash at its end; the identity is checked by `keyFault`. */
function tagValue(value: string): string {
  const plain = value.replaceAll(/\p{Cc}/gu, " ").replace(/\\+$/, "");
  return plain.replaceAll(/[,= ]/g, String.raw`\$&`);
}

/** Why a name that is part of the identity cannot be written so that it comes back as it went in. */
function nameFault(name: string): string | undefined {
  if (/\p{Cc}/u.test(name)) return "InfluxDB takes no control character in a signal's name";
  if (/\\(?=[,= ]|$)/.test(name))
    return "InfluxDB takes no backslash before a comma, an equals sign, a space or the end";
  return undefined;
}

/** Why a point with that key can have no series in InfluxDB; undefined when it can. */
export function keyFault({ measurement, tags, field }: PointKey, identity: readonly string[]): string | undefined {
  if (measurement === "" || field === "") return "InfluxDB takes no empty name";
  if (measurement.startsWith("#")) return "InfluxDB reads a name that begins with # as a comment";
  for (const key of [field, ...tags.map(([name]) => name)]) {
    if (key === "time") return "InfluxDB keeps the name time for the time itself";
  }
  for (const name of [...identity, measurement, field]) {
    const fault = nameFault(name);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
