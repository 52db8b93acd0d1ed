import assert from "node:assert/strict";
import { describe, test } from "node:test";
import jsonata from "jsonata";
import { checkRules, formulaOf, type Mapped, Mapper, type MapRule } from "../../../../lib/gateway/index.ts";
import {
  batchFromPlain,
  type LooseSample,
  plainSamples,
  Receipt,
  SampleFlag,
  signals,
  statusName,
} from "../../../../lib/sample/index.ts";

const compile = (text: string) => formulaOf(jsonata(text));
let maps = 0;

/** A map of its own names, so that tests do not meet. */
function mapOf(rules: readonly MapRule[], passUnmapped = true): { mapper: Mapper; name: string } {
  const name = `map${++maps}`;
  return { mapper: new Mapper({ name, rules, passUnmapped, compile }), name };
}

type Short = readonly [name: string, value: unknown, timestamp?: number, more?: Partial<LooseSample>];

function batch(plc: string, ...samples: readonly Short[]) {
  return batchFromPlain(
    samples.map(([name, value, timestamp = 1000, more = {}]) => ({
      name: `${plc}/${name}`,
      value,
      timestamp,
      ...more,
    })),
  );
}

/** Good ones as [device/metric, value], bad ones with status and reason. */
async function outcome(result: Mapped | Promise<Mapped>) {
  const { good, bad, reasons, errors } = await result;
  const short = (name: string): string => name.split("/").slice(1).join("/");
  return {
    good: plainSamples(good).map(({ name, value }) => [short(name), value]),
    bad: (bad === undefined ? [] : plainSamples(bad)).map(({ name, value }, i) => [
      short(name),
      value,
      statusName(bad!.status[i]!),
      reasons[i],
    ]),
    errors: [...errors.values()],
  };
}

/** Without the last digits of a double. */
function rounded(value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(12)) : value;
}

let plcs = 0;
const newPlc = (): string => `plc${++plcs}`;

describe("transformations", () => {
  /** Rule, raw value and the source's unit, expected value and type. */
  const TABLE: readonly [string, MapRule, unknown, string, unknown, string][] = [
    ["°C to °F", { unit: "[degF]" }, 100, "Cel", 212, "Double"],
    ["°F to °C, named by the rule", { fromUnit: "°F", unit: "°C" }, 212, "", 100, "Double"],
    ["bar to kPa", { unit: "kPa" }, 2.5, "bar", 250, "Double"],
    ["a unit for what had none", { unit: "mm/s" }, 4.5, "", 4.5, "Double"],
    ["the unit it has, in another spelling", { unit: "Cel" }, 21, "°C", 21, "Double"],
    ["raw counts to a range", { rawLow: 0, rawHigh: 27_648, low: 0, high: 10, unit: "bar" }, 13_824, "", 5, "Double"],
    ["a falling range", { rawLow: 4, rawHigh: 20, low: 100, high: 0 }, 8, "", 75, "Double"],
    ["beyond the range", { rawLow: 0, rawHigh: 100, low: 0, high: 1 }, 150, "", 1.5, "Double"],
    ["cut to the range", { rawLow: 0, rawHigh: 100, low: 0, high: 1, clamp: true }, 150, "", 1, "Double"],
    [
      "a range in one unit, given in another",
      { rawLow: 0, rawHigh: 100, low: 0, high: 10, clamp: true, fromUnit: "bar", unit: "kPa" },
      -5,
      "counts",
      0,
      "Double",
    ],
    ["an integer", { type: "Int16", rawLow: 0, rawHigh: 10, low: 0, high: 1 }, 26, "", 3, "Int16"],
    ["text to a number", { type: "Double" }, "12,5", "", 12.5, "Double"],
    ["a number to text", { type: "String" }, 7, "", "7", "String"],
    ["on to true", { type: "Boolean" }, "on", "", true, "Boolean"],
    ["a formula", { formula: "value * 2 + 1" }, 20, "", 41, "Double"],
    ["a formula after the unit", { unit: "[degF]", formula: "value - raw" }, 100, "Cel", 112, "Double"],
    ["a formula of text", { formula: "$uppercase(value)" }, "run", "", "RUN", "String"],
    ["a formula that chooses", { formula: "value > 5 ? 'high' : 'low'" }, 9, "", "high", "String"],
    ["nothing but a name", {}, true, "", true, "Boolean"],
  ];
  for (const [what, rule, raw, unit, expected, type] of TABLE) {
    test(`${what}: ${String(raw)} is ${String(expected)}`, async () => {
      const plc = newPlc();
      const { mapper, name } = mapOf([{ tag: "T1", name: "temperature", ...rule }]);
      assert.deepEqual(mapper.mistakes, []);
      const result = await mapper.map(batch(plc, ["Press01/T1", raw, 5, { unit }]));
      assert.deepEqual(result.reasons, []);
      const [sample] = plainSamples(result.good);
      assert.deepEqual(
        [sample!.name, rounded(sample!.value), sample!.type],
        [`${name}/Press01/temperature`, expected, type],
      );
      assert.equal(sample!.timestamp, 5);
    });
  }

  test("short results have no dust, others keep their digits", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([
      { tag: "F", name: "f", fromUnit: "[degF]", unit: "Cel" },
      { tag: "M", name: "m", fromUnit: "mm", unit: "m" },
    ]);
    const { good } = await outcome(
      mapper.map(
        batch(plc, ["A/F", 71.6], ["A/F", 212], ["A/F", 70.7], ["A/M", 1e-7], ["A/M", Math.PI], ["A/M", 1e300]),
      ),
    );
    assert.deepEqual(
      good.map(([, value]) => value),
      [22, 100, 21.5, 1e-10, Math.PI * 0.001, 1e297],
    );
  });

  test("64-bit integers keep all their bits, null stays null, late samples stay late", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([{ tag: "Count", name: "count" }]);
    const raw = batch(
      plc,
      ["A/Count", 9_007_199_254_740_993n, 1, { type: "UInt64" }],
      ["A/Count", null, 2, { type: "UInt64" }],
    );
    raw.flags[0]! |= SampleFlag.Historical;
    const { good } = await mapper.map(raw);
    assert.deepEqual(
      [good.value(0), good.value(1), good.flags[0]],
      [9_007_199_254_740_993n, null, SampleFlag.Historical],
    );
  });

  test("a source that changes its unit is converted from the new one", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([{ tag: "T", name: "t", unit: "K" }]);
    assert.deepEqual((await outcome(mapper.map(batch(plc, ["A/T", 0, 1, { unit: "Cel" }])))).good, [["A/t", 273.15]]);
    assert.deepEqual((await outcome(mapper.map(batch(plc, ["A/T", 300, 2, { unit: "K" }])))).good, [["A/t", 300]]);
  });

  test("a unit that cannot be had is bad, with the way out", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([{ tag: "T", name: "t", unit: "K" }]);
    const { good, bad } = await outcome(mapper.map(batch(plc, ["A/T", 4, 1, { unit: "furlong" }], ["A/T", 4, 2])));
    assert.deepEqual(good, []);
    assert.equal(bad[0]![2], "BadConfigurationError");
    assert.match(String(bad[0]![3]), /furlong/);
    assert.equal(mapper.totals().unit, 2);
  });
});

describe("names", () => {
  test("one row for every machine; a row that names a tag comes first; what the star took goes into the name", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([
      { device: "Press*", tag: "Temp_*", name: "temperature/*", unit: "Cel" },
      { device: "Press02", tag: "Temp_Oil", name: "oil" },
      { device: "M-*", toDevice: "Mill*", tag: "*", path: "Acme/Berlin/Hall 1/Line 3" },
    ]);
    const { good } = await outcome(
      mapper.map(
        batch(
          plc,
          ["Press01/Temp_Oil", 1],
          ["Press02/Temp_Oil", 2],
          ["Press02/Temp_Ram", 3],
          ["M-7/x", 4],
          ["Oven/x", 5],
        ),
      ),
    );
    assert.deepEqual(good, [
      ["Press01/temperature/Oil", 1],
      ["Press02/oil", 2],
      ["Press02/temperature/Ram", 3],
      ["Mill7/x", 4],
      ["Oven/x", 5],
    ]);
    assert.deepEqual(signals.find(`map${maps}/Mill7/x`)?.hierarchy, ["Acme", "Berlin", "Hall 1", "Line 3"]);
    assert.deepEqual(
      mapper
        .routes()
        .filter(({ rule }) => rule === undefined)
        .map(({ raw, count }) => [raw.metric, count]),
      [["x", 1]],
    );
    assert.equal(mapper.totals().unmapped, 1);
  });

  test("unmapped tags are dropped by choice, and counted all the same", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([{ tag: "T", name: "t" }], false);
    assert.deepEqual((await outcome(mapper.map(batch(plc, ["A/T", 1], ["A/U", 2])))).good, [["A/t", 1]]);
    assert.deepEqual([mapper.totals().mapped, mapper.totals().unmapped], [1, 1]);
  });

  test("who stores the good values confirms the batch; where none are left it is confirmed at once", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([{ tag: "T", name: "t", max: 5 }], false);
    const run = async (value: number) => {
      const raw = batch(plc, ["A/T", value], ["A/U", 1]);
      let confirmed = 0;
      raw.receipt = new Receipt(() => void confirmed++);
      const { good } = await mapper.map(raw);
      return { good, confirmed: () => confirmed };
    };
    const kept = await run(1);
    assert.equal(kept.confirmed(), 0);
    kept.good.receipt!.confirm();
    assert.equal(kept.confirmed(), 1);
    const lost = await run(9);
    assert.deepEqual([lost.good.length, lost.confirmed()], [0, 1]);
  });

  test("two tags of one name do not mix: the second is unmapped, and said so", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([{ tag: "T*", name: "t" }], false);
    const { good } = await outcome(mapper.map(batch(plc, ["A/T1", 1], ["A/T2", 2], ["B/T2", 3])));
    assert.deepEqual(good, [
      ["A/t", 1],
      ["B/t", 3],
    ]);
    assert.equal(mapper.totals().conflicts, 1);
    assert.match(mapper.routes()[1]!.refusal, /that name/);
  });
});

describe("rules that a value has to keep", () => {
  const TABLE: readonly [string, MapRule, readonly Short[], readonly unknown[], readonly unknown[]][] = [
    [
      "range",
      { min: 0, max: 120 },
      [
        ["A/T", 0],
        ["A/T", 120],
        ["A/T", -1],
        ["A/T", 121],
        ["A/T", Number.NaN],
      ],
      [0, 120],
      [
        [-1, "BadOutOfRange", "-1 is below 0"],
        [121, "BadOutOfRange", "121 is above 120"],
        [Number.NaN, "BadOutOfRange", "not a number"],
      ],
    ],
    [
      "range of the converted value",
      { fromUnit: "Cel", unit: "[degF]", max: 200 },
      [
        ["A/T", 93],
        ["A/T", 100],
      ],
      [199.4],
      [[212, "BadOutOfRange", "212 is above 200"]],
    ],
    [
      "values allowed",
      { allowed: "run, stop,3" },
      [
        ["A/T", "run"],
        ["A/T", "stop"],
        ["A/T", 3],
        ["A/T", "idle"],
        ["A/T", 4],
      ],
      ["run", "stop", 3],
      [
        ["idle", "BadOutOfRange", "idle is not allowed"],
        [4, "BadOutOfRange", "4 is not allowed"],
      ],
    ],
    [
      "rate of change: a spike is one bad value, a step is accepted in time",
      { maxRate: 10 },
      [
        ["A/T", 20, 1000],
        ["A/T", 25, 2000],
        ["A/T", 90, 3000],
        ["A/T", 26, 4000],
        ["A/T", 80, 5000],
        ["A/T", 80, 9500],
      ],
      [20, 25, 26, 80],
      [
        [90, "BadSensorFailure", "changed by 65 a second, more than 10"],
        [80, "BadSensorFailure", "changed by 54 a second, more than 10"],
      ],
    ],
    [
      "a number where one is needed",
      { max: 5 },
      [
        ["A/T", "3"],
        ["A/T", "warm"],
        ["A/T", ""],
      ],
      [3],
      [
        ["warm", "BadTypeMismatch", "warm is no number"],
        ["", "BadTypeMismatch", "a blank is no number"],
      ],
    ],
    [
      "a type",
      { type: "UInt8" },
      [
        ["A/T", 255],
        ["A/T", 256],
        ["A/T", "x"],
      ],
      [255],
      [
        [256, "BadTypeMismatch", "256 does not fit UInt8"],
        ["x", "BadTypeMismatch", "x does not fit UInt8"],
      ],
    ],
    ["what the source calls bad is not judged", { max: 5 }, [["A/T", 9, 1, { quality: "bad" }]], [9], []],
  ];
  for (const [what, rule, samples, good, bad] of TABLE) {
    test(what, async () => {
      const { mapper } = mapOf([{ tag: "T", name: "t", ...rule }]);
      assert.deepEqual(mapper.mistakes, []);
      const plc = newPlc();
      const seen = { good: [] as unknown[], bad: [] as unknown[] };
      for (const sample of samples) {
        const part = await outcome(mapper.map(batch(plc, sample)));
        seen.good.push(...part.good.map(([, value]) => value));
        seen.bad.push(...part.bad.map(([, ...rest]) => rest));
      }
      assert.deepEqual(seen, { good: [...good], bad: [...bad] });
      const { mapped, samples: count, ...counts } = mapper.totals();
      assert.deepEqual([mapped, count], [good.length, samples.length]);
      const faults = counts.range + counts.allowed + counts.rate + counts.type;
      assert.equal(faults, bad.length);
      assert.deepEqual(mapper.rules[0]?.counts.mapped, good.length);
    });
  }

  test("a silent tag is told once, and once more after it has spoken", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([{ tag: "T", name: "t", staleSeconds: 5 }]);
    await mapper.map(batch(plc, ["A/T", 1], ["A/U", 1]));
    const now = Date.now();
    assert.equal(mapper.watchesSilence, true);
    assert.equal((await mapper.checkSilence(now + 4000)).bad, undefined);
    assert.deepEqual((await outcome(mapper.checkSilence(now + 6000))).bad, [
      ["A/t", null, "BadTimeout", "no value for 6 s"],
    ]);
    assert.equal((await mapper.checkSilence(now + 7000)).bad, undefined);
    await mapper.map(batch(plc, ["A/T", 2]));
    assert.equal((await mapper.checkSilence(now + 20_000)).bad?.length, 1);
    assert.equal(mapper.totals().stale, 2);
  });
});

describe("derived metrics", () => {
  const POWER: readonly MapRule[] = [
    { tag: "V", name: "v" },
    { tag: "I", name: "i", max: 100 },
    { name: "power", formula: "v * i", unit: "W" },
  ];

  test("power = v * i, when either changes, with the time of the newer; each machine has its own", async () => {
    const plc = newPlc();
    const { mapper, name } = mapOf(POWER);
    const power = async (...samples: readonly Short[]) =>
      plainSamples((await mapper.map(batch(plc, ...samples))).good)
        .filter(({ name: path }) => path.endsWith("/power"))
        .map(({ name: path, value, timestamp, unit }) => [path, value, timestamp, unit]);
    assert.deepEqual(await power(["A/V", 400, 1000]), []);
    assert.deepEqual(await power(["A/I", 2, 1500]), [[`${name}/A/power`, 800, 1500, "W"]]);
    assert.deepEqual(await power(["B/I", 1, 1500], ["A/V", 230, 2000]), [[`${name}/A/power`, 460, 2000, "W"]]);
    assert.deepEqual(await power(["A/V", 100, 500]), [], "a late one changes nothing");
    assert.deepEqual(
      await power(["A/V", 10, 3000], ["A/I", 3, 3000], ["A/I", 4, 4000]),
      [
        [`${name}/A/power`, 30, 3000, "W"],
        [`${name}/A/power`, 40, 4000, "W"],
      ],
      "inputs of one time belong together",
    );
  });

  test("it is as bad as its worst input, and bad when that broke a rule", async () => {
    const plc = newPlc();
    const { mapper } = mapOf(POWER);
    await mapper.map(batch(plc, ["A/V", 400, 1], ["A/I", 1, 1]));
    const { good } = await mapper.map(batch(plc, ["A/V", 400, 2, { quality: "uncertain" }]));
    assert.deepEqual(
      plainSamples(good).map(({ quality }) => quality),
      ["uncertain", "uncertain"],
    );
    const { bad } = await outcome(mapper.map(batch(plc, ["A/I", 200, 3])));
    assert.deepEqual(bad, [
      ["A/i", 200, "BadOutOfRange", "200 is above 100"],
      ["A/power", 80_000, "BadOutOfRange", "i: 200 is above 100"],
    ]);
  });

  test("inputs too far apart, rules of its own, chains", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([
      ...POWER.slice(0, 2),
      { name: "power", formula: "v * i", staleSeconds: 5, max: 1000 },
      { name: "share", formula: "power / 1000", type: "Float" },
    ]);
    const run = async (...samples: readonly Short[]) => outcome(mapper.map(batch(plc, ...samples)));
    await run(["A/V", 100, 0]);
    assert.deepEqual((await run(["A/I", 2, 4000])).good.slice(1), [
      ["A/power", 200],
      ["A/share", 0.2],
    ]);
    const late = await run(["A/I", 3, 9000]);
    assert.deepEqual(
      late.bad.map(([name, , status, reason]) => [name, status, reason]),
      [
        ["A/power", "BadTimeout", "v is 9 s older"],
        ["A/share", "BadTimeout", "power: v is 9 s older"],
      ],
    );
    assert.equal((await run(["A/V", 500, 9500])).bad[0]![3], "1500 is above 1000");
  });

  test("formulas that JSONata evaluates keep the order; an error is told and the rest goes on", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([
      { tag: "T", name: "t", formula: "$round(value, 1)" },
      { tag: "U", name: "u", formula: "$sqrt(value)" },
      { name: "text", formula: "t & ' of ' & n" },
      { tag: "N", name: "n" },
    ]);
    const result = await outcome(
      mapper.map(
        batch(plc, ["A/T", 1.26, 1], ["A/N", 5, 1], ["A/U", -1, 2], ["A/U", 9, 3], ["A/T", 2.22, 4], ["A/X", 7, 5]),
      ),
    );
    assert.deepEqual(
      result.good,
      [
        ["A/t", 1.3],
        ["A/n", 5],
        ["A/text", "1.3 of 5"],
        ["A/u", 3],
        ["A/t", 2.2],
        ["A/X", 7],
        ["A/text", "2.2 of 5"],
      ].toSorted(
        (a, b) =>
          result.good.findIndex(([name, value]) => name === a[0] && value === a[1]) -
          result.good.findIndex(([name, value]) => name === b[0] && value === b[1]),
      ),
    );
    assert.equal(result.errors.length, 1);
    assert.equal((result.errors[0] as { code?: string }).code, "map.formula");
    assert.deepEqual(
      result.bad.map(([name, value, status]) => [name, value, status]),
      [["A/u", -1, "BadInternalError"]],
    );
    assert.match(String(result.bad[0]![3]), /sqrt.*negative/);
    assert.equal(mapper.totals().formula, 1);
  });
});

describe("writes", () => {
  test("go back through their row, within its limits", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([
      { tag: "SP", name: "setpoint", rawLow: 0, rawHigh: 27_648, low: 0, high: 300, unit: "Cel", min: 0, max: 250 },
      { tag: "T", name: "t", fromUnit: "Cel", unit: "[degF]" },
      { tag: "Mode", name: "mode", allowed: "auto, manual" },
      { tag: "F", name: "f", formula: "value * 2" },
    ]);
    await mapper.map(
      batch(plc, ["A/SP", 1, 1, { type: "Int16" }], ["A/T", 1], ["A/Mode", "auto"], ["A/F", 1], ["A/Other", true]),
    );
    const write = (metric: string, value: never) => {
      const { device, tag, value: raw } = mapper.rawWrite("A", metric, value);
      return [device, tag, rounded(raw)];
    };
    assert.deepEqual(write("setpoint", 150 as never), ["A", "SP", 13_824]);
    assert.deepEqual(write("setpoint", "75.3" as never), ["A", "SP", 6940], "whole, as the tag is");
    assert.deepEqual(write("t", 212 as never), ["A", "T", 100]);
    assert.deepEqual(write("mode", "manual" as never), ["A", "Mode", "manual"]);
    assert.deepEqual(write("Other", false as never), ["A", "Other", false]);
    for (const [metric, value, reason] of [
      ["setpoint", 251, /does not take 251/],
      ["setpoint", "warm", /number only/],
      ["mode", "off", /does not take off/],
      ["f", 2, /formula/],
      ["nowhere", 2, /nowhere/],
    ] as const) {
      assert.throws(() => write(metric, value as never), { code: "map.write", message: reason }, metric);
    }
  });
});

describe("rows that cannot be used", () => {
  const TABLE: readonly [unknown, string, RegExp][] = [
    [{}, "tag", /blank/],
    [null, "tag", /blank/],
    [{ tag: "T", min: "x" }, "min", /no number/],
    [{ tag: "T", unit: "furlong" }, "unit", /furlong/],
    [{ tag: "T", fromUnit: "kg", unit: "m" }, "unit", /kg cannot become m/],
    [{ tag: "T", fromUnit: "kg" }, "fromUnit", /no unit to become/],
    [{ tag: "T", rawLow: 0, rawHigh: 1, low: 0 }, "high", /both ends/],
    [{ tag: "T", rawLow: 1, rawHigh: 1, low: 0, high: 1 }, "rawHigh", /same/],
    [{ tag: "T", clamp: true }, "clamp", /range/],
    [{ tag: "T", min: 5, max: 1 }, "max", /below/],
    [{ tag: "T", maxRate: 0 }, "maxRate", /above 0/],
    [{ tag: "T", type: "Real" }, "type", /Real/],
    [{ tag: "T", type: "DataSet" }, "type", /DataSet/],
    [{ tag: "T", path: "a//b" }, "path", /empty level/],
    [{ tag: "T", path: "a/b/c/d/e/f" }, "path", /more than/],
    [{ tag: "T", name: "x*" }, "tag", /fewer wildcards/],
    [{ tag: "*a*b*c*d*e" }, "tag", /more than 4/],
    [{ tag: "T", toDevice: "a/b" }, "toDevice", /\//],
    [{ tag: "T", formula: "value +" }, "formula", /./],
    [{ tag: "T", formula: "value + other" }, "formula", /other.*leave the tag blank/],
    [{ name: "p" }, "formula", /blank/],
    [{ name: "p", formula: "1 + 1" }, "formula", /names no metric/],
    [{ name: "p", formula: "p + 1" }, "formula", /itself/],
    [{ tag: "T", formula: "x".repeat(2000) }, "formula", /longer/],
  ];
  for (const [row, field, reason] of TABLE) {
    test(`${JSON.stringify(row).slice(0, 60)}: ${field}`, () => {
      const { mistakes, rules } = checkRules([row], compile);
      assert.equal(mistakes[0]?.field, field);
      assert.match(mistakes[0]!.reason, reason);
      assert.equal(rules.size, 0);
    });
  }

  test("a row twice is named, a ring is broken, and the others are used", async () => {
    const plc = newPlc();
    const { mapper } = mapOf([
      { tag: "T", name: "t" },
      { tag: "T", name: "u" },
      { name: "a", formula: "b + 1" },
      { name: "b", formula: "a + 1" },
    ]);
    assert.deepEqual(
      mapper.mistakes.map(({ row, reason }) => [row, reason]),
      [
        [1, "is that of row 1"],
        [2, "leads back to itself"],
      ],
    );
    assert.deepEqual((await outcome(mapper.map(batch(plc, ["A/T", 1])))).good, [["A/t", 1]]);
  });
});
