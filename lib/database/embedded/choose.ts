import { existsSync } from "node:fs";
import { FplusError, messageOf } from "../../errors/index.ts";
import type { Engine } from "../engine.ts";
import type { EmbeddedDatabaseOptions } from "../options.ts";
import { dataFolder, EmbeddedCluster } from "./cluster.ts";
import { LiteEngine, liteFolder } from "./lite.ts";

/**
 * The engine for a folder: the one whose data it holds; in an empty one PostgreSQL, or PGlite where that cannot run.
 * Never the other one over existing data: it would come up empty.
 * @throws FplusError `database.engine`
 */
export function chooseEngine({ directory, program = "auto" }: EmbeddedDatabaseOptions): Engine {
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
