/**
 * The runtime settings of the standalone plant: `npm start`, `npx factory-plus`, or `node-red -s settings.ts` after a build.
 * Everything a plant writes is in one folder: `FPLUS_STATE`, else `state/` in a clone, else `factory-plus/` where it was started.
 */
import path from "node:path";
import { openAdmin } from "./scripts/plant/admin.ts";
import { readEnvironment } from "./scripts/plant/environment.ts";
import { openLog } from "./scripts/plant/log.ts";
import { isRepository, packageRoot } from "./scripts/plant/place.ts";
import { importPreset } from "./scripts/plant/preset.ts";

const stateDir = path.resolve(
  process.env["FPLUS_STATE"] || (isRepository ? path.join(packageRoot, "state") : "factory-plus"),
);
const environment = readEnvironment(process.env);
const admin = openAdmin(stateDir);
importPreset(stateDir);

const settings = {
  uiHost: environment.host,
  uiPort: environment.ports[0]?.port,
  userDir: stateDir,
  flowFile: "flows.json",
  flowFilePretty: true,
  // An installed package stands where Node-RED looks by itself.
  nodesDir: isRepository ? [packageRoot] : [],
  credentialSecret: admin.credentialSecret,
  adminAuth: {
    type: "credentials",
    users: async (username: string) => (username === admin.username ? { username, permissions: "*" } : null),
    authenticate: async (username: string, password: string) =>
      admin.matches(username, password) ? { username, permissions: "*" } : null,
  },
  httpAdminRoot: "/",
  httpNodeRoot: "/",
  // A stop must leave time to drain what is in memory to disk.
  nodeCloseTimeout: 15_000,
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: "off" }, plant: { level: "info", handler: () => openLog(stateDir) } },
  editorTheme: {
    page: { title: "Factory+ plant" },
    header: { title: "Factory+" },
    projects: { enabled: false },
    tours: false,
    multiplayer: { enabled: false },
  },
  fplusEnvironment: environment,
  fplusNewPassword: admin.newPassword,
};

export type PlantSettings = typeof settings;

// Node-RED reads settings as a CommonJS module; this name is how an ES module offers one.
export { settings as "module.exports" };
