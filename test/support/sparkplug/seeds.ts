import { ValueType, valueTypeName } from "../../../lib/sample/index.ts";
import { encodePlain, type MetricInput } from "../../../lib/sparkplug/index.ts";

export const NOW = 1_700_000_000_123;

/** Values that every type must carry both ways unchanged. */
export const VALUES: Readonly<Record<number, readonly unknown[]>> = {
  [ValueType.Int8]: [0, 1, -1, 127, -128],
  [ValueType.Int16]: [0, -1, 32_767, -32_768],
  [ValueType.Int32]: [0, -1, 2_147_483_647, -2_147_483_648],
  [ValueType.Int64]: [0, -1, -5, 2 ** 53 - 1, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n],
  [ValueType.UInt8]: [0, 255],
  [ValueType.UInt16]: [0, 65_535],
  [ValueType.UInt32]: [0, 1, 2_147_483_648, 4_294_967_295],
  [ValueType.UInt64]: [0, 2 ** 53 - 1, 18_446_744_073_709_551_615n],
  [ValueType.Float]: [0, -1.5, 3.402_823_466_385_288_6e38, Number.POSITIVE_INFINITY],
  [ValueType.Double]: [0, -0.1, 5e-324, 1.797_693_134_862_315_7e308, Number.NaN],
  [ValueType.Boolean]: [true, false],
  [ValueType.String]: ["", "Druck °C 漢字 🙂", "x".repeat(300)],
  [ValueType.DateTime]: [0, NOW, -1000],
  [ValueType.Text]: ["text"],
  [ValueType.UUID]: ["b16e85fb-53c2-49f9-8d83-cdf6763304ba"],
  [ValueType.DataSet]: [
    {
      numOfColumns: 4,
      columns: ["tiny", "wide", "when", "text"],
      types: ["Int8", "UInt64", "DateTime", "Text"],
      rows: [
        [-1, 18_446_744_073_709_551_615n, NOW, "a"],
        [null, null, null, null],
      ],
    },
    { numOfColumns: 0, columns: [], types: [], rows: [] },
  ],
  [ValueType.Bytes]: [new Uint8Array([0, 1, 255]), new Uint8Array(0)],
  [ValueType.File]: [new Uint8Array(200).fill(7)],
  [ValueType.Template]: [
    {
      version: "1.0",
      isDefinition: true,
      metrics: [{ value: -3, type: "Int8", name: "count" }],
      parameters: [{ name: "limit", type: "Int16", value: -7 }],
    },
    {
      templateRef: "Motor",
      isDefinition: false,
      metrics: [{ value: { templateRef: "Inner", metrics: [], parameters: [] }, type: "Template", name: "inner" }],
      parameters: [],
    },
  ],
  [ValueType.Int8Array]: [[-23, 123]],
  [ValueType.Int16Array]: [[-30_000, 30_000]],
  [ValueType.Int32Array]: [[-1, 315_338_746]],
  [ValueType.Int64Array]: [[-4_270_929_666_821_191_986n, 5]],
  [ValueType.UInt8Array]: [[23, 250]],
  [ValueType.UInt16Array]: [[30, 52_360]],
  [ValueType.UInt32Array]: [[52, 3_293_969_225]],
  [ValueType.UInt64Array]: [[52, 16_444_743_074_749_521_625n]],
  [ValueType.FloatArray]: [[1.5, -2.25]],
  [ValueType.DoubleArray]: [[12.354_213, 1022.912_321_3], []],
  [ValueType.BooleanArray]: [[false, false, true, true, false, true, false, false, true, true, false, true]],
  [ValueType.StringArray]: [["ABC", "", "hello"]],
  [ValueType.DateTimeArray]: [[NOW, NOW + 1]],
};

/** One metric a value, with everything a metric can carry on some of them. */
export function seedMetrics(): MetricInput[] {
  return Object.entries(VALUES).flatMap(([type, values]) =>
    [...values, null].map((value, i) => ({
      value,
      type: valueTypeName(Number(type)),
      name: `Line/${type}/${i}`,
      alias: Number(type) * 10 + i,
      timestamp: NOW + i,
      ...(i % 3 === 1 ? { isHistorical: true } : {}),
      ...(i % 3 === 2 ? { isTransient: true } : {}),
      ...(i === 0
        ? {
            metadata: { isMultiPart: false, contentType: "text/plain", size: 5, seq: 1, md5: "x", description: "d" },
            properties: {
              Quality: { type: "Int32", value: 192 },
              engUnit: { type: "String", value: "°C" },
              nested: {
                type: "PropertySet",
                value: { low: { type: "Int8", value: -1 }, none: { type: "Double", value: null } },
              },
              list: { type: "PropertySetList", value: [{ a: { type: "Boolean", value: true } }, {}] },
            },
          }
        : {}),
    })),
  );
}

/** Small payloads, one to three metrics each, that fuzzing starts from. */
export function seedPayloads(): Uint8Array[] {
  const metrics = seedMetrics();
  return metrics.map((metric, i) =>
    encodePlain({ timestamp: NOW, seq: i & 0xff, metrics: [metric, ...metrics.slice(i + 1, i + 1 + (i % 3))] }),
  );
}
