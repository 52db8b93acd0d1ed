import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { Client } from "pg";
import { startChild } from "./child.ts";
import { temporaryFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { findProgram } from "./services.ts";
import { until } from "./until.ts";

/** The folder of a real PostgreSQL's programs. */
export const postgresPrograms = findProgram(
  "FPLUS_TEST_POSTGRES",
  ...versions("/usr/lib/postgresql").map((version) => `/usr/lib/postgresql/${version}/bin`),
);

/** A PostgreSQL server on the loopback, of user `tester` with password `secret` and database `plant`. */
export interface PostgresServer {
  readonly port: number;
  /** Stops it as an administrator would, or kills it. */
  stop(how?: "SIGINT" | "SIGQUIT"): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** A fresh folder that a server's own account may enter, for tests that run as root. */
export function openFolder(t: TestContext): string {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  return folder;
}

/** Makes a cluster in a folder of the test and starts it; `settings` as lines of postgresql.conf, `files` beside it. */
export async function startPostgres(
  t: TestContext,
  settings = "",
  files: Record<string, string> = {},
): Promise<PostgresServer> {
  const folder = openFolder(t);
  const data = path.join(folder, "data");
  const secret = path.join(folder, "secret");
  const account = serverAccount();
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(secret, "secret\n", { mode: 0o600 });
  if (account.uid !== undefined) for (const file of [data, secret]) chownSync(file, account.uid, account.gid!);
  const program = (name: string): string => path.join(postgresPrograms ?? "", name);
  const options = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"];
  execFileSync(program("initdb"), ["-D", data, "-U", "tester", `--pwfile=${secret}`, ...options], {
    ...account,
    stdio: "ignore",
  });
  for (const [name, text] of Object.entries({ ...files, "postgresql.auto.conf": settings })) {
    writeFileSync(path.join(data, name), text, { mode: 0o600 });
    if (account.uid !== undefined) chownSync(path.join(data, name), account.uid, account.gid!);
  }
  const [port] = await freePorts(1);
  const server = new Server(program("postgres"), data, port!, account);
  t.after(() => server.stop("SIGQUIT"));
  await server.start();
  await server.createDatabase();
  return server;
}

class Server implements PostgresServer {
  readonly port: number;
  readonly #program: string;
  readonly #data: string;
  readonly #account: { uid?: number; gid?: number };
  #child: ReturnType<typeof startChild> | undefined;

  constructor(program: string, data: string, port: number, account: { uid?: number; gid?: number }) {
    this.port = port;
    this.#program = program;
    this.#data = data;
    this.#account = account;
  }

  async start(): Promise<void> {
    const options = ["-D", this.#data, "-p", String(this.port), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off"];
    this.#child = startChild(this.#program, options, { ...this.#account, stdio: "ignore" });
    await until("the PostgreSQL server", () => this.#try("SELECT 1"));
  }

  async createDatabase(): Promise<void> {
    await this.#try("CREATE DATABASE plant");
  }

  async stop(how: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill(how);
    await exited;
    this.#child = undefined;
  }

  async #try(sql: string): Promise<boolean> {
    const config = { host: "127.0.0.1", port: this.port, user: "tester", password: "secret", database: "postgres" };
    const client = new Client(config);
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(sql);
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** PostgreSQL refuses root: as root its programs run under their Debian account. */
function serverAccount(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((text) => text.startsWith("postgres:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function versions(folder: string): string[] {
  try {
    return readdirSync(folder).sort((a, b) => Number(b) - Number(a));
  } catch {
    return [];
  }
}
