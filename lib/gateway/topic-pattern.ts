import { FplusError } from "../errors/index.ts";

/** What a topic names. */
export interface TopicMatch {
  /** Empty where the pattern has no `{device}`. */
  readonly device: string;
  /** Empty where the pattern has no `{metric}`: the payload names its metrics. */
  readonly metric: string;
}

/**
 * A topic with places for device and metric: `sensors/{device}/{metric}`. Each place is one level; `{metric}` as the last
 * level takes all that follow. `+` and `#` stand for levels that do not matter.
 */
export class TopicPattern {
  /** What to subscribe to. */
  readonly filter: string;
  readonly #levels: readonly string[];

  /** @throws FplusError `config.invalid` naming the topic */
  constructor(text: string) {
    const levels = text.split("/");
    const faults = [
      text === "" ? "is empty" : "",
      levels.filter((level) => level === "{device}").length > 1 ? "has {device} twice" : "",
      levels.filter((level) => level === "{metric}").length > 1 ? "has {metric} twice" : "",
      levels.slice(0, -1).includes("#") ? "has # before its end" : "",
      levels.some((level) => level.length > 1 && !PLACES.has(level) && /[+#{}\0]/.test(level))
        ? "mixes a place or wildcard with other text in one level"
        : "",
    ].filter((fault) => fault !== "");
    if (faults.length > 0) {
      throw new FplusError("config.invalid", `the topic ${faults[0]}`, {
        field: "topic",
        hint: "Write it like sensors/{device}/{metric}.",
      });
    }
    this.#levels = levels;
    this.filter = levels
      .map((level, i) => (level === "{metric}" && i === levels.length - 1 ? "#" : PLACES.has(level) ? "+" : level))
      .join("/");
  }

  /** Undefined where the topic does not fit. */
  match(topic: string): TopicMatch | undefined {
    const given = topic.split("/");
    let device = "";
    let metric = "";
    for (const [i, level] of this.#levels.entries()) {
      const isLast = i === this.#levels.length - 1;
      if (level === "#") return { device, metric };
      const found = given[i];
      if (found === undefined || found === "") return undefined;
      if (level === "{metric}") {
        metric = isLast ? given.slice(i).join("/") : found;
        if (isLast) return { device, metric };
      } else if (level === "{device}") device = found;
      else if (level !== "+" && level !== found) return undefined;
    }
    return given.length === this.#levels.length ? { device, metric } : undefined;
  }
}

const PLACES: ReadonlySet<string> = new Set(["{device}", "{metric}"]);
