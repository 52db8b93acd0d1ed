import path from "node:path";
import { type HistorianOptions, type HistorianStore, openHistorian } from "../historian/index.ts";
import type { LeaseTable } from "./lease.ts";
import { type StoreSource, unusedPart } from "./source.ts";

/** The embedded store, or the InfluxDB that the environment names. */
export function defaultHistorianSource(
  leases: LeaseTable,
  stateDir: string,
  env: NodeJS.ProcessEnv,
): StoreSource<HistorianStore> {
  const options = defaultHistorian(stateDir, env);
  const [place, fingerprint] =
    options.engine === "embedded" ? [options.directory, ""] : [options.url, JSON.stringify(options)];
  return historianSource(leases, `historian ${place}`, () => openHistorian(options), fingerprint);
}

function defaultHistorian(stateDir: string, env: NodeJS.ProcessEnv): HistorianOptions {
  const url = env["FPLUS_INFLUX_URL"];
  if (!url) return { engine: "embedded", directory: path.join(stateDir, "historian") };
  const org = env["FPLUS_INFLUX_ORG"];
  const token = env["FPLUS_INFLUX_TOKEN"];
  return {
    engine: "influx",
    url,
    bucket: env["FPLUS_INFLUX_BUCKET"] || "factoryplus",
    ...(org ? { org } : {}),
    ...(token ? { token } : {}),
  };
}

/** A historian that all share who name the same `key`; `StoreSource.unused` is its own account while it is only read. */
export function historianSource(
  leases: LeaseTable,
  key: string,
  open: () => HistorianStore,
  fingerprint = "",
): StoreSource<HistorianStore> {
  return {
    lease: () => leases.acquire(key, open, fingerprint),
    unused: () => (leases.find(key) as HistorianStore | undefined)?.health() ?? unusedPart(open()),
  };
}
