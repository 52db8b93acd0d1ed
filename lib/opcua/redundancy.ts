import type { ClientSession } from "node-opcua";

/** The highest a server can be (OPC 10000-4, 6.6.2.4.2): what one is taken for that does not say. */
const FULL_LEVEL = 255;
/** From here on a server is healthy; below it is degraded, and another may be better. */
const HEALTHY_LEVEL = 200;
/** Readings below that in a row, before a server is left. */
const PATIENT_READINGS = 2;
/** How long it is remembered that a server was degraded, before it is worth another try. */
const DEGRADED_MS = 10 * 60_000;
/** How long one that did not answer is passed over; as long as a degraded one where it would be left for it. */
const FAILED_MS = 30_000;
const SERVICE_LEVEL = "i=2267";
const VALUE_ATTRIBUTE = 13;

interface Known {
  /** -1 = did not answer. */
  readonly level: number;
  readonly at: number;
}

/**
 * The addresses of one server and its stand-ins, and which of them to use: the first in order that is healthy, or the least
 * degraded. One that works is kept; it is left when it degrades and another promises more.
 */
export class ServerSet {
  readonly #urls: readonly string[];
  readonly #known = new Map<string, Known>();
  #current: string;
  #lowReadings = 0;
  #used = "";
  /** How often another address took over. */
  switches = 0;

  /** @param urls in order of preference; at least one */
  constructor(urls: readonly string[]) {
    this.#urls = [...new Set(urls)];
    this.#current = this.#urls[0]!;
  }

  /** The address in use, or tried last. */
  get current(): string {
    return this.#current;
  }

  /** Whether there is another to go to. */
  get redundant(): boolean {
    return this.#urls.length > 1;
  }

  /** Which address to try now. */
  next(now = Date.now()): string {
    this.#current = this.#best(now);
    return this.#current;
  }

  /** The current one did not answer. Tells whether another is worth trying at once. */
  failed(now = Date.now()): boolean {
    this.#known.set(this.#current, { level: -1, at: now });
    return this.#urls.some((url) => this.#expected(url, now) >= 0);
  }

  /** The current one has given a session. Tells the address that it took over from; undefined where it is the same. */
  connected(): string | undefined {
    const before = this.#used;
    this.#used = this.#current;
    this.#lowReadings = 0;
    this.#known.delete(this.#current);
    if (before === "" || before === this.#current) return undefined;
    this.switches += 1;
    return before;
  }

  /** The current one states its level. Tells whether it should be left for a better one. */
  stated(level: number, now = Date.now()): boolean {
    if (level >= HEALTHY_LEVEL) {
      this.#lowReadings = 0;
      this.#known.delete(this.#current);
      return false;
    }
    this.#known.set(this.#current, { level, at: now });
    this.#lowReadings += 1;
    if (this.#lowReadings < PATIENT_READINGS) return false;
    return this.#urls.some((url) => url !== this.#current && this.#expected(url, now, DEGRADED_MS) > level);
  }

  #best(now: number): string {
    let best = this.#urls[0]!;
    for (const url of this.#urls) if (this.#expected(url, now) > this.#expected(best, now)) best = url;
    if (this.#expected(best, now) >= 0) return best;
    // Nobody answers: one after the other.
    return this.#urls[(this.#urls.indexOf(this.#current) + 1) % this.#urls.length]!;
  }

  #expected(url: string, now: number, failedMs = FAILED_MS): number {
    const known = this.#known.get(url);
    if (known === undefined || now - known.at >= (known.level < 0 ? failedMs : DEGRADED_MS)) return FULL_LEVEL;
    return known.level;
  }
}

/** How well a server says it can serve, from 0 to 255; undefined where it does not say. */
export async function readServiceLevel(session: ClientSession): Promise<number | undefined> {
  const value = await session.read({ nodeId: SERVICE_LEVEL, attributeId: VALUE_ATTRIBUTE });
  const level: unknown = value.value?.value;
  return value.statusCode.isGood() && typeof level === "number" ? level : undefined;
}
