const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** While a session waits to be taken up again, its server is not kept waiting for long. */
const LONGEST_URGENT_MS = 4_000;
/** Between two addresses of one server. */
const SOON_MS = 100;

/** How soon the next attempt is due: `soon` for another address of the server, `urgent` while a session waits. */
export type RetryHaste = "usual" | "urgent" | "soon";

/** Attempts with growing pauses, which differ by chance so that many do not come at once. */
export class RetryTimer {
  readonly #attempt: () => void;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(attempt: () => void) {
    this.#attempt = attempt;
  }

  /** Plans the next attempt, unless one is planned. */
  plan(haste: RetryHaste): void {
    if (this.#timer !== undefined) return;
    const longest = haste === "urgent" ? LONGEST_URGENT_MS : LONGEST_MS;
    const ceiling = haste === "soon" ? SOON_MS : Math.min(longest, FIRST_MS * 2 ** this.#failures);
    if (haste !== "soon") this.#failures += 1;
    this.#timer = setTimeout(() => this.#go(), ceiling * (0.5 + Math.random() / 2));
  }

  /** The planned attempt at once, and short pauses from now on; nothing where none is planned. */
  hurry(): void {
    if (this.#timer === undefined) return;
    this.#failures = 0;
    this.#go();
  }

  /** It has worked: the next pause is short again. */
  succeeded(): void {
    this.#failures = 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #go(): void {
    this.stop();
    this.#attempt();
  }
}
