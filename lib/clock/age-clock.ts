const LEAP_MS = 86_400_000;
const DOUBT_MS = 86_400_000;

/**
 * The time by which things are too old and go. The computer's clock alone must not delete a history: one that wakes up in another year
 * (an empty battery, before the time server is reached) makes everything look old. So a leap of more than a day has to last for a day
 * before it counts, and the time is never later than that of the newest thing there is, where things have times of their own.
 */
export class AgeClock {
  #held: number;
  #leapAt: number | undefined;

  /** @param lastMs a time at which the clock was right; -Infinity where none is known */
  constructor(lastMs: number) {
    this.#held = lastMs;
  }

  /**
   * @param wallMs the computer's clock
   * @param elapsedMs a clock that nobody can set (`performance.now()`)
   * @param newestMs time of the newest thing, where it does not come from this computer alone
   */
  now(wallMs: number, elapsedMs: number, newestMs = Number.POSITIVE_INFINITY): number {
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
