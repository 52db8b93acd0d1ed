import type { Engine, Reachable } from "../engine.ts";
import type { EmbeddedDatabaseOptions } from "../options.ts";

/** The embedded database; which program stands behind it is decided at its first use. */
export class EmbeddedEngine implements Engine {
  readonly mode = "embedded";
  readonly #options: EmbeddedDatabaseOptions;
  #engine: Engine | undefined;

  constructor(options: EmbeddedDatabaseOptions) {
    this.#options = options;
  }

  async start(): Promise<Reachable> {
    // Loaded at its first use: an idle Node-RED pays nothing for it.
    const { chooseEngine } = await import("./choose.ts");
    this.#engine ??= chooseEngine(this.#options);
    return await this.#engine.start();
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
  }
}
