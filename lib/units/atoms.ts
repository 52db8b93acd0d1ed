/** One unit atom of UCUM. */
export interface Atom {
  /** How many of the base units one of it is: `base = value × factor + offset`. */
  readonly factor: number;
  /** Base value at 0 of this unit: degrees only. */
  readonly offset: number;
  /** Exponents by base unit: `{ m: 1, s: -2 }`. */
  readonly dimension: Readonly<Record<string, number>>;
  /** Whether prefixes (`k`, `m`, `u` …) may stand before it. */
  readonly metric: boolean;
}

/** Prefixes of UCUM by code. */
export const PREFIXES: Readonly<Record<string, number>> = {
  Y: 1e24,
  Z: 1e21,
  E: 1e18,
  P: 1e15,
  T: 1e12,
  G: 1e9,
  M: 1e6,
  k: 1e3,
  h: 1e2,
  da: 1e1,
  d: 1e-1,
  c: 1e-2,
  m: 1e-3,
  u: 1e-6,
  n: 1e-9,
  p: 1e-12,
  f: 1e-15,
  a: 1e-18,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

const INCH = 0.0254;
const FOOT = 0.3048;
const POUND = 453.592_37;
const GRAVITY = 9.806_65;
const GALLON_US = 231 * INCH ** 3;
const DAY = 86_400;

type Row = readonly [code: string, factor: number, dimension: string, metric?: "metric", offset?: number];

/**
 * Dimension as `m2.s-1`. Base units are those of UCUM (metre, second, gram, radian, kelvin, coulomb, candela), and mole and
 * bit, which UCUM counts as numbers: here they stay apart, so that a rate of bits is not taken for a frequency.
 */
const ROWS: readonly Row[] = [
  // numbers
  ["%", 0.01, ""],
  ["[ppth]", 1e-3, ""],
  ["[ppm]", 1e-6, ""],
  ["[ppb]", 1e-9, ""],
  ["10*", 10, ""],
  ["10^", 10, ""],
  // base units and those of the SI that have a name
  ["m", 1, "m", "metric"],
  ["s", 1, "s", "metric"],
  ["g", 1, "g", "metric"],
  ["rad", 1, "rad", "metric"],
  ["K", 1, "K", "metric"],
  ["C", 1, "C", "metric"],
  ["cd", 1, "cd", "metric"],
  ["mol", 1, "mol", "metric"],
  ["bit", 1, "bit", "metric"],
  ["By", 8, "bit", "metric"],
  ["sr", 1, "rad2", "metric"],
  ["Hz", 1, "s-1", "metric"],
  ["N", 1e3, "m.g.s-2", "metric"],
  ["Pa", 1e3, "m-1.g.s-2", "metric"],
  ["J", 1e3, "m2.g.s-2", "metric"],
  ["W", 1e3, "m2.g.s-3", "metric"],
  ["A", 1, "C.s-1", "metric"],
  ["V", 1e3, "m2.g.s-2.C-1", "metric"],
  ["F", 1e-3, "m-2.g-1.s2.C2", "metric"],
  ["Ohm", 1e3, "m2.g.s-1.C-2", "metric"],
  ["S", 1e-3, "m-2.g-1.s.C2", "metric"],
  ["Wb", 1e3, "m2.g.s-1.C-1", "metric"],
  ["T", 1e3, "g.s-1.C-1", "metric"],
  ["H", 1e3, "m2.g.C-2", "metric"],
  ["lm", 1, "cd.rad2", "metric"],
  ["lx", 1, "m-2.cd.rad2", "metric"],
  ["Bq", 1, "s-1", "metric"],
  ["Gy", 1, "m2.s-2", "metric"],
  ["Sv", 1, "m2.s-2", "metric"],
  ["Cel", 1, "K", "metric", 273.15],
  // beside the SI
  ["min", 60, "s"],
  ["h", 3600, "s"],
  ["d", DAY, "s"],
  ["wk", 7 * DAY, "s"],
  ["mo", 30.4375 * DAY, "s"],
  ["a", 365.25 * DAY, "s"],
  ["deg", Math.PI / 180, "rad"],
  ["gon", Math.PI / 200, "rad"],
  ["'", Math.PI / 10_800, "rad"],
  ["''", Math.PI / 648_000, "rad"],
  ["circ", 2 * Math.PI, "rad"],
  ["l", 1e-3, "m3", "metric"],
  ["L", 1e-3, "m3", "metric"],
  ["ar", 100, "m2", "metric"],
  ["t", 1e6, "g", "metric"],
  ["u", 1.660_539_066_6e-24, "g", "metric"],
  ["bar", 1e8, "m-1.g.s-2", "metric"],
  ["atm", 101_325e3, "m-1.g.s-2"],
  ["att", 98_066.5e3, "m-1.g.s-2"],
  ["eV", 1.602_176_634e-16, "m2.g.s-2", "metric"],
  ["cal", 4184, "m2.g.s-2", "metric"],
  ["[g]", GRAVITY, "m.s-2", "metric"],
  ["gf", GRAVITY, "m.g.s-2", "metric"],
  ["dyn", 1e-2, "m.g.s-2", "metric"],
  ["P", 100, "m-1.g.s-1", "metric"],
  ["St", 1e-4, "m2.s-1", "metric"],
  ["m[H2O]", 9_806_650, "m-1.g.s-2", "metric"],
  ["m[Hg]", 133_322_000, "m-1.g.s-2", "metric"],
  ["[kn_i]", 1852 / 3600, "m.s-1"],
  ["[nmi_i]", 1852, "m"],
  // of the customary systems
  ["[in_i]", INCH, "m"],
  ["[ft_i]", FOOT, "m"],
  ["[yd_i]", 3 * FOOT, "m"],
  ["[mi_i]", 5280 * FOOT, "m"],
  ["[mil_i]", INCH / 1000, "m"],
  ["[sin_i]", INCH ** 2, "m2"],
  ["[sft_i]", FOOT ** 2, "m2"],
  ["[cin_i]", INCH ** 3, "m3"],
  ["[cft_i]", FOOT ** 3, "m3"],
  ["[gal_us]", GALLON_US, "m3"],
  ["[qt_us]", GALLON_US / 4, "m3"],
  ["[pt_us]", GALLON_US / 8, "m3"],
  ["[foz_us]", GALLON_US / 128, "m3"],
  ["[bbl_us]", 42 * GALLON_US, "m3"],
  ["[gal_br]", 4.546_09e-3, "m3"],
  ["[lb_av]", POUND, "g"],
  ["[oz_av]", POUND / 16, "g"],
  ["[gr]", POUND / 7000, "g"],
  ["[ston_av]", 2000 * POUND, "g"],
  ["[lton_av]", 2240 * POUND, "g"],
  ["[lbf_av]", POUND * GRAVITY, "m.g.s-2"],
  ["[psi]", (POUND * GRAVITY) / INCH ** 2, "m-1.g.s-2"],
  ["[in_i'Hg]", 133_322_000 * INCH, "m-1.g.s-2"],
  ["[in_i'H2O]", 9_806_650 * INCH, "m-1.g.s-2"],
  ["[HP]", 550 * FOOT * POUND * GRAVITY, "m2.g.s-3"],
  ["[Btu_IT]", 1_055_055.852_62, "m2.g.s-2"],
  ["[Btu_th]", 1_054_350, "m2.g.s-2"],
  ["[Btu]", 1_055_055.852_62, "m2.g.s-2"],
  ["[degF]", 5 / 9, "K", undefined, 459.67 * (5 / 9)],
  ["[degR]", 5 / 9, "K"],
  // logarithms and scales: each only converts into itself
  ["[pH]", 1, "pH"],
  ["B", 1, "level", "metric"],
  ["Np", 1, "neper", "metric"],
  ["B[SPL]", 1, "soundpressure", "metric"],
  ["B[W]", 1, "powerlevel", "metric"],
  ["[iU]", 1, "iU", "metric"],
];

/** The atoms of UCUM that plants use, by code. */
export const ATOMS: ReadonlyMap<string, Atom> = new Map(
  ROWS.map(([code, factor, dimension, metric, offset = 0]) => [
    code,
    { factor, offset, dimension: dimensionOf(dimension), metric: metric === "metric" },
  ]),
);

function dimensionOf(text: string): Record<string, number> {
  const parts = text.split(".").filter((part) => part !== "");
  return Object.fromEntries(
    parts.map((part) => {
      const [, base = part, exponent = "1"] = /^(\D+?)(-?\d+)?$/.exec(part) ?? [];
      return [base, Number(exponent)];
    }),
  );
}
