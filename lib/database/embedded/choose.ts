import { existsSync } from "node:fs";
import { FplusError, messageOf } from "../../errors/index.ts";
import type { Engine, Reachable } from "../engine.ts";
import type { EmbeddedDatabaseOptions } from "../options.ts";
import { dataFolder, EmbeddedCluster } from "./cluster.ts";
import { LiteEngine, liteFolder } from "./lite.ts";

/** The embedded database; which program stands behind it is decided at its first use. */
export class EmbeddedEngine implements Engine {
  readonly mode = "embedded";
  readonly #options: EmbeddedDatabaseOptions;
  #engine: Engine | undefined;

  constructor(options: EmbeddedDatabaseOptions) {
    this.#options = options;
  }

  async start(): Promise<Reachable> {
    this.#engine ??= chooseEngine(this.#options);
    return await this.#engine.start();
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
  }
}

/**
 * The engine for a folder: the one whose data it holds; in an empty one PostgreSQL, or PGlite where that cannot run.
 * Never the other one over existing data: it would come up empty.
 * @throws FplusError `database.engine`
 */
function chooseEngine({ directory, program = "auto" }: EmbeddedDatabaseOptions): Engine {
  const holdsLite = existsSync(liteFolder(directory));
  const holdsServer = existsSync(dataFolder(directory));
  if (program === "pglite" || (program === "auto" && holdsLite && !holdsServer)) return new LiteEngine(directory, "");
  try {
    return new EmbeddedCluster(directory);
  } catch (error) {
    const reason = messageOf(error);
    if (program === "auto" && !holdsServer) return new LiteEngine(directory, `PostgreSQL cannot run here (${reason})`);
    throw new FplusError("database.engine", `PostgreSQL cannot run here: ${reason}`, {
      cause: error,
      hint: "Run Node-RED under an account of its own, not as root, or choose a PostgreSQL server.",
    });
  }
}
