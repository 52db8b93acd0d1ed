import { FplusError } from "../errors/index.ts";
import type { Signal, SignalIdentity } from "../sample/index.ts";

/**
 * A point in InfluxDB's data model is stored as one signal a field: the measurement is the signal's source, the tags are its
 * device in braces, the field is its metric. So points travel in batches, wait in spools and answer queries as all signals do:
 * `temperature_sensors/{location=line_1,sensor_id=temp_001}/temperature`.
 */
export interface PointKey {
  readonly measurement: string;
  /** Ordered by name; none is empty. */
  readonly tags: readonly (readonly [name: string, value: string])[];
  readonly field: string;
}

/**
 * The signal of one field of a point. Tags without a value are left out: InfluxDB has no empty tag, and refuses a line that names one.
 * @throws FplusError `sample.invalid` naming the part of the point that has no name
 */
export function pointIdentity(
  measurement: string,
  tags: Readonly<Record<string, string>>,
  field: string,
): SignalIdentity {
  for (const [part, text] of [
    ["measurement", measurement],
    ["fields", field],
    ...Object.keys(tags).map((name) => ["tags", name] as const),
  ] as const) {
    if (text === "") throw new FplusError("sample.invalid", `a point's ${part} has no name`, { field: part });
  }
  return { source: measurement, device: tagText(Object.entries(tags)), metric: field };
}

/** Tags as the device of a point's signals. */
export function tagText(tags: readonly (readonly [string, string])[]): string {
  const escape = (text: string): string => text.replaceAll(/[\\,={}]/g, String.raw`\$&`);
  const parts = tags.filter(([, value]) => value !== "").map(([name, value]) => `${escape(name)}=${escape(value)}`);
  return `{${parts.sort().join(",")}}`;
}

const PAIR = String.raw`(?:[^\\,={}]|\\.)+=(?:[^\\,={}]|\\.)+`;
const TAG_SET = new RegExp(String.raw`^\{(?:${PAIR}(?:,${PAIR})*)?\}$`, "su");

/** The point of a signal that was one; undefined for the signal of a device. */
export function pointOf(signal: Pick<Signal, "source" | "device" | "metric">): PointKey | undefined {
  const { source, device, metric } = signal;
  if (!device.startsWith("{") || !TAG_SET.test(device)) return undefined;
  const plain = (text: string): string => text.replaceAll(/\\(.)/gsu, "$1");
  const tags = [...device.slice(1, -1).matchAll(/((?:[^\\,=]|\\.)+)=((?:[^\\,=]|\\.)+)/gsu)].map(
    ([, name = "", value = ""]) => [plain(name), plain(value)] as const,
  );
  return { measurement: source, tags: tags.sort(([a], [b]) => (a < b ? -1 : 1)), field: metric };
}
