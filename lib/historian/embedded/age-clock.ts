const LEAP_MS = 86_400_000;
const DOUBT_MS = 86_400_000;

/**
 * The time by which samples are too old. The computer's clock alone must not delete a history: one that wakes up in another year (an
 * empty battery, before the time server is reached) makes everything look old. So it is never later than the newest sample, and where
 * that leaps by more than a day, the leap has to last for a day before it counts.
 */
export class AgeClock {
  #held: number;
  #leapAt: number | undefined;

  /** @param newestMs time of the newest sample of the former run; -Infinity where there is none */
  constructor(newestMs: number) {
    this.#held = newestMs;
  }

  /**
   * @param wallMs the computer's clock
   * @param newestMs time of the newest sample
   * @param elapsedMs a clock that nobody can set (`performance.now()`)
   */
  now(wallMs: number, newestMs: number, elapsedMs: number): number {
    const now = Math.min(wallMs, newestMs);
    if (now > this.#held + LEAP_MS && Number.isFinite(this.#held)) {
      this.#leapAt ??= elapsedMs;
      if (elapsedMs - this.#leapAt < DOUBT_MS) return this.#held;
    }
    this.#leapAt = undefined;
    this.#held = now;
    return now;
  }
}
