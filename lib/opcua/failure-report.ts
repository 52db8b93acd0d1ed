import { FplusError } from "../errors/index.ts";
import { connectionError, reasonOf } from "./diagnosis.ts";

/**
 * Which failures to connect are worth telling: each once, however often it comes again, and none while it may only be a
 * server that starts up.
 */
export class FailureReport {
  readonly #patienceMs: number;
  readonly #tell: (error: FplusError) => void;
  #told = "";
  /** When trying first failed since it last worked; 0 where it did not. */
  #since = 0;

  /** @param patienceMs for how long failing is not told, unless trying again will not help */
  constructor(patienceMs: number, tell: (error: FplusError) => void) {
    this.#patienceMs = patienceMs;
    this.#tell = tell;
  }

  /** An attempt failed. Returns why, in the words of a plant. */
  failed(url: string, error: unknown): string {
    const reason = reasonOf(error);
    this.#since ||= Date.now();
    const isDue = error instanceof FplusError || Date.now() - this.#since >= this.#patienceMs;
    if (isDue && reason !== this.#told) {
      this.#told = reason;
      this.#tell(connectionError(url, error));
    }
    return reason;
  }

  /** It has worked: the next failure is another one. */
  succeeded(): void {
    this.#told = "";
    this.#since = 0;
  }

  /** Somebody else listens: a failure that lasts is told again. */
  forget(): void {
    this.#told = "";
  }
}
