/** Checks of fields. Their sentences stand behind the field's name: the build puts it there. */

type Check = NonNullable<EditorProperty["validate"]>;

/** Whether a field is filled from a variable of the environment, as `${NAME}` or `${NAME:-otherwise}`. */
export function isVariable(value: unknown): boolean {
  return /^\$\{.+\}$/.test(String(value ?? ""));
}

/** A check of a number. Blank is what the field shows in grey, as `numberOf` of the runtime takes it. */
export function numberFrom(least: number, most?: number, unit = ""): Check {
  return checkOf("number", Number.isFinite, least, most, unit);
}

/** A check of a whole number; otherwise as `numberFrom`. */
export function wholeFrom(least: number, most?: number, unit = ""): Check {
  return checkOf("whole number", Number.isInteger, least, most, unit);
}

function checkOf(
  kind: string,
  isKind: (number: number) => boolean,
  least: number,
  most: number | undefined,
  unit: string,
): Check {
  const range = most === undefined ? `${say(least)} up` : `${say(least)} to ${say(most)}`;
  return (value, _options) => {
    const number = Number(value ?? "");
    if (String(value ?? "") === "" || isVariable(value)) return true;
    const good = isKind(number) && number >= least && number <= (most ?? number);
    return good || `Give a ${kind}${unit} from ${range}, or leave it blank.`;
  };
}

/** A check that counts only while its field is shown. */
export function shownWith(property: string, value: string, check: Check): Check {
  return function (text, options) {
    return this[property] !== value || check.call(this, text, options);
  };
}

/** A check of a switch that a variable may throw. Blank is on. */
export function onOrOff(this: EditorInstance, value: string, _options: unknown): boolean | string {
  return (
    /^(on|off|)$/.test(value ?? "") || isVariable(value) || "Write on, off, or a ${VARIABLE} that holds one of them."
  );
}

function say(number: number): string {
  return number.toLocaleString("en");
}
