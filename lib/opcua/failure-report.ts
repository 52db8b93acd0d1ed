import { FplusError } from "../errors/index.ts";
import { connectionError, reasonOf } from "./diagnosis.ts";

/**
 * Which failures to connect are worth telling: each once, however often it comes again, and none while it may only be a
 * server that starts up.
 */
export class FailureReport {
  readonly #patienceMs: number;
  readonly #tell: (error: FplusError) => void;
  #told: { readonly reason: string; readonly error: FplusError } | undefined;
  /** When trying first failed since it last worked; 0 where it did not. */
  #since = 0;

  /** @param patienceMs for how long failing is not told, unless trying again will not help */
  constructor(patienceMs: number, tell: (error: FplusError) => void) {
    this.#patienceMs = patienceMs;
    this.#tell = tell;
  }

  /** The failure that was told and lasts; undefined where there is none. */
  get standing(): FplusError | undefined {
    return this.#told?.error;
  }

  /** An attempt failed. Returns why, in the words of a plant. */
  failed(url: string, error: unknown): string {
    const reason = reasonOf(error);
    this.#since ||= Date.now();
    const isDue = error instanceof FplusError || Date.now() - this.#since >= this.#patienceMs;
    if (isDue && reason !== this.#told?.reason) {
      this.#told = { reason, error: connectionError(url, error) };
      this.#tell(this.#told.error);
    }
    return reason;
  }

  /** It has worked: the next failure is another one. */
  succeeded(): void {
    this.#told = undefined;
    this.#since = 0;
  }
}
