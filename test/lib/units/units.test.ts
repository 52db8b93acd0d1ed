import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { conversion, convert, parseUnit, unitCode } from "../../../lib/units/index.ts";

/** Values from NIST SP 811 (2008), appendix B, and from the definitions of UCUM. */
const CONVERSIONS: readonly [number, string, string, number][] = [
  [100, "Cel", "[degF]", 212],
  [-40, "Cel", "[degF]", -40],
  [32, "[degF]", "Cel", 0],
  [0, "Cel", "K", 273.15],
  [300, "K", "Cel", 26.85],
  [491.67, "[degR]", "K", 273.15],
  [10, "Cel/min", "[degF]/min", 18],
  [1, "bar", "kPa", 100],
  [1, "[psi]", "kPa", 6.894_757],
  [14.503_773_8, "[psi]", "bar", 1],
  [1, "atm", "mbar", 1013.25],
  [760, "mm[Hg]", "kPa", 101.324_72],
  [25.4, "mm", "[in_i]", 1],
  [1, "[ft_i]", "[in_i]", 12],
  [1.5, "kW", "W", 1500],
  [1, "[HP]", "W", 745.699_87],
  [1, "kW.h", "MJ", 3.6],
  [60, "L/min", "m3/h", 3.6],
  [1, "[gal_us]/min", "L/min", 3.785_411_784],
  [1, "[lb_av]", "kg", 0.453_592_37],
  [1, "t", "kg", 1000],
  [1, "[lbf_av].[ft_i]", "N.m", 1.355_818],
  [3600, "/h", "Hz", 1],
  [3000, "/min", "/s", 50],
  [180, "deg", "rad", Math.PI],
  [50, "%", "1", 0.5],
  [1, "m2/s2", "J/kg", 1],
  [1, "V.A", "W", 1],
  [1, "MiBy", "By", 1_048_576],
  [3, "{parts}/min", "/h", 180],
  [5, "10*3/s", "kHz", 5],
  [1, "kg/(m.s2)", "Pa", 1],
];

describe("units", () => {
  for (const [value, from, to, expected] of CONVERSIONS) {
    test(`${value} ${from} are ${expected} ${to}`, () => {
      const got = convert(value, from, to);
      assert.ok(Math.abs(got - expected) <= Math.abs(expected) * 1e-6 + 1e-9, String(got));
      assert.ok(Math.abs(convert(got, to, from) - value) <= Math.abs(value) * 1e-9 + 1e-9, "and back");
    });
  }

  test("the usual ones are exact", () => {
    assert.equal(convert(100, "Cel", "[degF]"), 212);
    assert.ok(Math.abs(convert(98.6, "[degF]", "Cel") - 37) < 1e-12);
    assert.deepEqual(conversion("bar", "kPa"), { factor: 100, offset: 0 });
    assert.deepEqual(conversion("Cel", "[degF]"), { factor: 1.8, offset: 32 });
    assert.deepEqual(conversion("kW", "W"), { factor: 1000, offset: 0 });
    assert.deepEqual(conversion("", ""), { factor: 1, offset: 0 });
  });

  test("other spellings lead to codes", () => {
    for (const [text, code] of [
      ["°C", "Cel"],
      ["°F", "[degF]"],
      ["m³/h", "m3/h"],
      ["m/s²", "m/s2"],
      ["m/s^2", "m/s2"],
      ["µm", "um"],
      ["kWh", "kW.h"],
      ["Nm", "N.m"],
      ["psi/min", "[psi]/min"],
      ["°C/s", "Cel/s"],
      ["rpm", "/min"],
      ["1/min", "/min"],
      ["l/min", "l/min"],
      ["%RH", "%{RH}"],
      [" bar ", "bar"],
      ["", ""],
      ["Cel", "Cel"],
    ] as const) {
      assert.equal(unitCode(text), code, text);
    }
  });

  test("what is no unit, and what does not go together, is a typed error with a way out", () => {
    for (const wrong of [
      "furlongs",
      "kW.",
      "m3//h",
      "(m",
      "{x",
      "kmin",
      "[bad]",
      "m/s)",
      "constructor",
      "x".repeat(200),
      "((((((((((m))))))))))",
    ]) {
      assert.throws(() => unitCode(wrong), { code: "units.unknown" }, wrong);
    }
    assert.throws(() => conversion("kg", "m"), { code: "units.mismatch", field: "m" });
    assert.throws(() => conversion("By/s", "Hz"), { code: "units.mismatch" });
    assert.throws(() => conversion("C", "[degF]"), { code: "units.mismatch", hint: /coulomb.*°C/ });
  });

  test("hostile text costs no time", () => {
    const from = performance.now();
    for (let i = 0; i < 2000; i++) assert.throws(() => parseUnit(`${"m.".repeat(49)}?`), { code: "units.unknown" });
    assert.ok(performance.now() - from < 5000);
  });
});
