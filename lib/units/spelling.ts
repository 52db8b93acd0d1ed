import { FplusError } from "../errors/index.ts";
import { parseUnit } from "./parse.ts";

/** How people and devices write what UCUM writes otherwise. */
const SPELLINGS: Readonly<Record<string, string>> = {
  "°C": "Cel",
  "℃": "Cel",
  degC: "Cel",
  "°F": "[degF]",
  "℉": "[degF]",
  degF: "[degF]",
  "°": "deg",
  Ω: "Ohm",
  ohm: "Ohm",
  kohm: "kOhm",
  psi: "[psi]",
  PSI: "[psi]",
  mmHg: "mm[Hg]",
  inHg: "[in_i'Hg]",
  inH2O: "[in_i'H2O]",
  mmH2O: "mm[H2O]",
  in: "[in_i]",
  inch: "[in_i]",
  '"': "[in_i]",
  ft: "[ft_i]",
  yd: "[yd_i]",
  mi: "[mi_i]",
  mil: "[mil_i]",
  mph: "[mi_i]/h",
  kmh: "km/h",
  kph: "km/h",
  fpm: "[ft_i]/min",
  lb: "[lb_av]",
  lbs: "[lb_av]",
  oz: "[oz_av]",
  lbf: "[lbf_av]",
  lbft: "[lbf_av].[ft_i]",
  kgf: "kgf",
  gal: "[gal_us]",
  gpm: "[gal_us]/min",
  GPM: "[gal_us]/min",
  cfm: "[cft_i]/min",
  CFM: "[cft_i]/min",
  lpm: "L/min",
  hp: "[HP]",
  HP: "[HP]",
  BTU: "[Btu_IT]",
  rpm: "/min",
  RPM: "/min",
  "U/min": "/min",
  "1/min": "/min",
  "min-1": "/min",
  "1/s": "/s",
  Nm: "N.m",
  kNm: "kN.m",
  Wh: "W.h",
  kWh: "kW.h",
  MWh: "MW.h",
  GWh: "GW.h",
  Ah: "A.h",
  mAh: "mA.h",
  VA: "V.A",
  kVA: "kV.A",
  MVA: "MV.A",
  var: "V.A{reactive}",
  kvar: "kV.A{reactive}",
  kVArh: "kV.A.h{reactive}",
  ppm: "[ppm]",
  ppb: "[ppb]",
  pH: "[pH]",
  "%RH": "%{RH}",
  percent: "%",
  sec: "s",
  secs: "s",
  ms: "ms",
  mins: "min",
  hr: "h",
  hrs: "h",
  day: "d",
  days: "d",
  pcs: "{pcs}",
  pieces: "{pieces}",
  parts: "{parts}",
  cycles: "{cycles}",
  dBA: "dB",
  "dB(A)": "dB",
};

/** Signs that stand for others, everywhere in a unit. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/²/g, "2"],
  [/³/g, "3"],
  [/[µμ]/g, "u"],
  [/[·⋅]/g, "."],
  [/\^(?=-?\d)/g, ""],
];

/**
 * The UCUM code of a unit as people and devices write it: `°C` → `Cel`, `kWh` → `kW.h`, `m³/h` → `m3/h`; a code stays as it
 * is. Empty stays empty.
 * @throws FplusError `units.unknown`
 */
export function unitCode(text: string): string {
  const trimmed = text.trim();
  const known = spelled(trimmed);
  if (known !== undefined) return known;
  let code = trimmed;
  for (const [sign, instead] of SIGNS) code = code.replace(sign, instead);
  const again = spelled(code);
  if (again !== undefined) return again;
  // Part by part: psi/min, °C/s.
  const parts = code.split(/([./])/).map((part) => spelled(part) ?? part);
  for (const candidate of [code, parts.join("")]) if (isUnit(candidate)) return candidate;
  parseUnit(code);
  throw new FplusError("units.unknown", `${text} is no unit`, { field: text });
}

function spelled(text: string): string | undefined {
  return Object.hasOwn(SPELLINGS, text) ? SPELLINGS[text] : undefined;
}

function isUnit(code: string): boolean {
  try {
    parseUnit(code);
    return true;
  } catch {
    return false;
  }
}
