const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * When a host may ask an edge node for a rebirth again: at once the first time, then with doubling waits until it answers.
 * A node that cannot be understood must not be flooded with requests, nor its answers with new ones.
 */
export class RebirthTimer {
  #notBefore = 0;
  #wait = FIRST_WAIT_MS;

  /** True when a request may go out now; counts it as sent. */
  ask(now: number): boolean {
    if (now < this.#notBefore) return false;
    this.#notBefore = now + this.#wait;
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2);
    return true;
  }

  /** Births arrived. */
  answered(): void {
    this.#wait = FIRST_WAIT_MS;
    this.#notBefore = 0;
  }
}
