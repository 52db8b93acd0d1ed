/** Random questions in InfluxQL over the measurements `temperature_sensors` and `valves`. */
const DURATIONS = ["1s", "7s", "1m", "5m", "1h"] as const;
const TAGS = ["location", "sensor_id", "device_type"] as const;
const NUMBERS = ["temperature", "humidity"] as const;
const ONE = ["count", "sum", "mean", "min", "max", "first", "last", "spread", "stddev", "median"] as const;

export class Questioner {
  readonly #random: () => number;
  readonly #from: number;
  readonly #to: number;

  /** Times in milliseconds. */
  constructor(random: () => number, from: number, to: number) {
    this.#random = random;
    this.#from = from;
    this.#to = to;
  }

  #of<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }

  #maybe(chance: number): boolean {
    return this.#random() < chance;
  }

  next(): string {
    const interval = this.#maybe(0.45);
    const raw = !interval && this.#maybe(0.4);
    const select = raw ? this.#rawFields() : this.#functions(interval);
    // With a limit the server takes the first rows of each function, not of the answer.
    const limits = !raw && (!interval || !/[,*-]/.test(select));
    return `SELECT ${select} FROM ${this.#source()} WHERE ${this.#where()}${this.#group(interval, limits, raw)}`;
  }

  #source(): string {
    return this.#of([
      "temperature_sensors",
      '"temperature_sensors"',
      "/^temp/",
      "temperature_sensors, valves",
      "nothing",
    ]);
  }

  #rawFields(): string {
    const pool = [
      "temperature",
      "humidity",
      "status",
      "open",
      "location",
      "*",
      "temperature + humidity AS both",
      "temperature * 2 - 1",
      "temperature / humidity",
    ];
    const count = 1 + Math.floor(this.#random() * 3);
    const chosen = new Set(Array.from({ length: count }, () => this.#of(pool)));
    if (chosen.has("*")) return "*";
    return [...chosen].join(", ");
  }

  #functions(interval: boolean): string {
    const field = this.#of(NUMBERS);
    const pick = this.#random();
    if (pick < 0.1) return `${this.#of(["count", "first", "last"])}(${this.#of(["status", "open", "temperature"])})`;
    if (pick < 0.2) return `percentile(${field}, ${this.#of(["50", "75", "90.5"])})`;
    if (pick < 0.3) return `mean(temperature) - mean(humidity) AS gap, max(temperature)`;
    if (pick < 0.36) return `${this.#of(["mean", "max", "count"])}(*)`;
    if (pick < 0.44) return `max(${field}), location, sensor_id`;
    if (pick < 0.52 && !interval) return this.#of(["difference(temperature)", "cumulative_sum(humidity)"]);
    const count = 1 + Math.floor(this.#random() * 3);
    return Array.from({ length: count }, () => `${this.#of(ONE)}(${this.#of(NUMBERS)})`).join(", ");
  }

  #where(): string {
    const span = this.#to - this.#from;
    const a = this.#from + Math.floor(this.#random() * span * 0.8);
    const b = a + 1000 + Math.floor(this.#random() * (this.#to - a) * 1.2);
    const from = this.#maybe(0.5) ? `time >= '${new Date(a).toISOString()}'` : `time > ${a}000000`;
    const to = this.#maybe(0.5)
      ? `time < '${new Date(b).toISOString()}'`
      : `time <= ${a}000000 + ${Math.ceil((b - a) / 1000)}s`;
    const conditions = [from, to];
    if (this.#maybe(0.6)) conditions.push(this.#condition());
    if (this.#maybe(0.3)) conditions.push(`(${this.#condition()} OR ${this.#condition()})`);
    return conditions.join(" AND ");
  }

  #condition(): string {
    return this.#of([
      `temperature ${this.#of([">", ">=", "<", "<=", "=", "!="])} ${(60 + this.#random() * 40).toFixed(1)}`,
      `humidity + 10 > ${(40 + this.#random() * 40).toFixed(0)}`,
      `location ${this.#of(["=", "!="])} 'line_${1 + Math.floor(this.#random() * 4)}'`,
      `sensor_id ${this.#of(["=~", "!~"])} /${this.#of(["1$", "^s[02]", "s.?3", "x"])}/`,
      `device_type = ''`,
      `device_type != ''`,
      `status = '${this.#of(["normal", "alarm", "none"])}'`,
      `status != 'normal'`,
      `open = ${this.#of(["true", "false"])}`,
    ]);
  }

  #group(interval: boolean, limits: boolean, raw: boolean): string {
    const by: string[] = [];
    if (interval) by.push(`time(${this.#of(DURATIONS.slice(1))}${this.#maybe(0.2) ? ", 2s" : ""})`);
    if (this.#maybe(0.5)) by.push(this.#of([...TAGS, "*", "location, device_type"]));
    let text = by.length === 0 ? "" : ` GROUP BY ${by.join(", ")}`;
    if (interval && this.#maybe(0.6)) text += ` fill(${this.#of(["none", "null", "0", "-3.5", "previous", "linear"])})`;
    // Rows of one time have no order that the server promises, so a limit over several series may choose others.
    const single = limits || (raw && by.includes("*"));
    if (this.#maybe(0.3)) text += " ORDER BY time DESC";
    if (single && this.#maybe(0.3))
      text += ` LIMIT ${1 + Math.floor(this.#random() * 6)}${this.#maybe(0.4) ? " OFFSET 2" : ""}`;
    if (this.#maybe(0.1)) text += ` SLIMIT 2${this.#maybe(0.5) ? " SOFFSET 1" : ""}`;
    return text;
  }
}
