import type { ClientConfig } from "pg";
import { FplusError } from "../errors/index.ts";
import type { Engine, Reachable } from "./engine.ts";
import type { ServerDatabaseOptions, TlsMode } from "./options.ts";

/** A PostgreSQL server that somebody else runs. */
export class ServerEngine implements Engine {
  readonly mode = "external";
  readonly #options: ServerDatabaseOptions;

  /** @throws FplusError `config.invalid` naming the field */
  constructor(options: ServerDatabaseOptions) {
    for (const field of ["host", "database", "user"] as const) {
      if (options[field].trim() === "") throw new FplusError("config.invalid", `the ${field} is not named`, { field });
    }
    const { port = 5432 } = options;
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new FplusError("config.invalid", `${port} is not a port`, { field: "port", hint: "Use 1 to 65535." });
    }
    this.#options = options;
  }

  start(): Promise<Reachable> {
    const { host, port = 5432, database, user, password, tls = "auto", ca } = this.#options;
    const config: ClientConfig = {
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ssl: tlsOf(tls, host, ca),
    };
    return Promise.resolve({ config, cancels: true, detail: `${user}@${host}:${port}/${database}` });
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * The options of a URL such as `postgres://user:password@host:5432/database?sslmode=verify-full`.
 * @throws FplusError `config.invalid`
 */
export function optionsOfUrl(url: string, field = "url"): ServerDatabaseOptions {
  const hint = "Write it like postgres://user:password@host:5432/database.";
  if (!URL.canParse(url) || !/^postgres(ql)?:/.test(url)) {
    throw new FplusError("config.invalid", "not an address of PostgreSQL", { field, hint });
  }
  const { hostname, port, pathname, username, password, searchParams } = new URL(url);
  const modes: Readonly<Record<string, TlsMode>> = { disable: "off", "no-verify": "encrypt", "verify-full": "verify" };
  const mode = searchParams.get("sslmode");
  return {
    engine: "postgres",
    host: hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1",
    ...(port === "" ? {} : { port: Number(port) }),
    database: decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username),
    user: decodeURIComponent(username),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    tls: mode === null ? "auto" : (modes[mode] ?? "verify"),
  };
}

function tlsOf(mode: TlsMode, host: string, ca: string | undefined): ClientConfig["ssl"] {
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.") || host.startsWith("/");
  if (mode === "off" || (mode === "auto" && isLocal)) return false;
  return { rejectUnauthorized: mode !== "encrypt", ...(ca ? { ca } : {}) };
}
