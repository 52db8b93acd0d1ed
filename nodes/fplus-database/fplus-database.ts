import type { NodeAPI } from "node-red";
import { openDatabase } from "../../lib/database/index.ts";
import { leaseDatabase } from "../../lib/plant/index.ts";
import { defineNode } from "../frame/index.ts";
import { serveDatabaseRoutes } from "./routes.ts";
import type { DatabaseService } from "./service.ts";
import { type DatabaseConfig, databaseOptions } from "./settings.ts";

/** A database that nodes can choose: the embedded PostgreSQL in a folder, or a server. */
export default function (RED: NodeAPI): void {
  defineNode<DatabaseConfig>(
    RED,
    "fplus-database",
    (node) => {
      const { password } = node.credentials;
      const options = databaseOptions({ ...node.config, name: node.name }, password, node.plant.stateDir);
      // Wrong settings show on this node at once, not at the first statement; nothing connects here.
      openDatabase(options);
      const service: DatabaseService = {
        lease: () => leaseDatabase(node.plant.leases, node.plant.health, options, node.id),
      };
      return { service };
    },
    { credentials: { password: { type: "password" } }, once: serveDatabaseRoutes },
  );
}
