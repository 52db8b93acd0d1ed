import type { NodeAPI } from "node-red";
import { openDatabase } from "../../lib/database/index.ts";
import { databaseSource } from "../../lib/plant/index.ts";
import { defineNode } from "../frame/index.ts";
import { serveDatabaseRoutes } from "./routes.ts";
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
      const { leases, health } = node.plant;
      return { service: databaseSource(leases, health, options, node.id) };
    },
    { credentials: { password: { type: "password" } }, once: serveDatabaseRoutes },
  );
}
