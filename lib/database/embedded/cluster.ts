import { execFile, type ExecFileOptions } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, link, mkdir, open, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import type { ClientConfig } from "pg";
import { FplusError, messageOf } from "../../errors/index.ts";
import { sqlState } from "../sql-error.ts";
import type { Engine, Reachable } from "../engine.ts";
import { type Account, barredAt, serverAccount } from "./account.ts";
import { findPrograms, type Programs } from "./programs.ts";

const run = promisify(execFile);

/** User and database of every embedded database. */
export const EMBEDDED_NAME = "factoryplus";

/** Small, and safe over a power cut: `fsync` stays on. The log takes starts, stops and fatal errors, not statements. */
const SETTINGS = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=60",
  "shared_buffers=32MB",
  "max_wal_size=256MB",
  "io_method=sync",
  "jit=off",
  "autovacuum_max_workers=1",
  "log_min_messages=log",
  "log_min_error_statement=panic",
  "log_checkpoints=off",
];
const START_ATTEMPTS = 5;
const START_SECONDS = 300;

/** Servers that run in this moment: a process that ends without closing them asks them to stop. */
const running = new Set<number>();
process.on("exit", () => {
  for (const pid of running) signal(pid, "SIGINT");
});

/**
 * A PostgreSQL of our own in a folder, as processes beside this one. When this process was killed, its server
 * lives on; the next start finds and takes it over.
 */
export class EmbeddedCluster implements Engine {
  readonly mode = "embedded";
  readonly #programs: Programs;
  readonly #account: Account | undefined;
  readonly #folder: string;
  readonly #data: string;
  #pid: number | undefined;

  /** @throws Error whose message says why PostgreSQL cannot run here */
  constructor(folder: string) {
    this.#folder = folder;
    this.#data = dataFolder(folder);
    this.#programs = findPrograms();
    this.#account = serverAccount();
    if (this.#account === undefined) return;
    for (const place of [this.#programs.initdb, path.dirname(folder)]) {
      const bar = barredAt(place, this.#account);
      if (bar === undefined) continue;
      throw new Error(`this is root, and the account ${this.#account.name} for the server may not enter ${bar}`);
    }
  }

  async start(): Promise<Reachable> {
    try {
      await mkdir(path.dirname(this.#folder), { recursive: true });
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      // The server's own account must pass; the password beside it stays ours.
      if (this.#account !== undefined) await chmod(this.#folder, 0o711);
      const password = await this.#password();
      await this.#initialise(password);
      const port = await this.#launch();
      const detail = `PostgreSQL ${this.#programs.major} in ${this.#folder}`;
      const config = { host: "127.0.0.1", port, user: EMBEDDED_NAME, password, database: EMBEDDED_NAME };
      await createDatabase(config);
      return { config, detail, cancels: true };
    } catch (error) {
      if (error instanceof FplusError) throw error;
      throw new FplusError("database.engine", `the embedded database did not start: ${await this.#reason(error)}`, {
        cause: error,
        hint: `Its log is ${this.#log}.`,
      });
    }
  }

  async stop(): Promise<void> {
    const pid = this.#pid;
    if (pid === undefined) return;
    this.#pid = undefined;
    running.delete(pid);
    const stop = ["stop", "-D", this.#data, "-w", "-t", "10", "-m"];
    // Where it does not end in time it is stopped as by a power cut, which it survives.
    await this.#ctl([...stop, "fast"])
      .catch(() => this.#ctl([...stop, "immediate"]))
      .catch(async (error: unknown) => {
        // Its folder may have been deleted under it: it can still be told.
        signal(pid, "SIGQUIT");
        await new Promise((resolve) => setTimeout(resolve, 500));
        if (alive(pid) && (await isServer(pid)))
          throw new FplusError("database.engine", `the embedded database did not stop: ${messageOf(error)}`);
      });
  }

  get #log(): string {
    return path.join(this.#folder, "server.log");
  }

  /** The cluster's password: made once, linked into place so that two processes that start at once agree on it. */
  async #password(): Promise<string> {
    const file = path.join(this.#folder, "password");
    const known = await readFile(file, "utf8").catch(() => "");
    if (known !== "") return known.trim();
    if (await this.#version()) {
      throw new FplusError("database.engine", `the password file ${file} is missing`, {
        hint: "Put it back from a backup: without it nobody can open this database.",
      });
    }
    const fresh = `${file}.${process.pid}`;
    await writeFile(fresh, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
    await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await unlink(fresh);
    return (await readFile(file, "utf8")).trim();
  }

  async #version(): Promise<string | undefined> {
    const text = await readFile(path.join(this.#data, "PG_VERSION"), "utf8").catch(() => undefined);
    return text?.trim();
  }

  /** Makes the cluster beside its place and moves it there whole: a kill in between leaves nothing half made. */
  async #initialise(password: string): Promise<void> {
    const version = await this.#version();
    if (version !== undefined) {
      if (version === this.#programs.major) return;
      throw new FplusError(
        "database.engine",
        `${this.#data} was made by PostgreSQL ${version}, here is ${this.#programs.major}`,
        {
          hint: `Install the package version that brought PostgreSQL ${version}, export the data, and import it here.`,
        },
      );
    }
    const fresh = `${this.#data}.new-${process.pid}`;
    const secret = `${fresh}.pw`;
    await rm(fresh, { recursive: true, force: true });
    try {
      await mkdir(fresh, { mode: 0o700 });
      await writeFile(secret, password, { mode: 0o600 });
      for (const file of [fresh, secret]) await this.#giveAway(file);
      const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
      const access = ["-U", EMBEDDED_NAME, `--pwfile=${secret}`, "--auth=scram-sha-256"];
      await this.#spawn(this.#programs.initdb, ["-D", fresh, ...access, ...locale]);
      await rename(fresh, this.#data).catch(async (error: unknown) => {
        if ((await this.#version()) === undefined) throw error;
      });
    } finally {
      await rm(secret, { force: true });
      await rm(fresh, { recursive: true, force: true });
    }
  }

  /** The port of the running server, which is started where there is none. */
  async #launch(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.#find();
      if (found !== undefined) {
        if (this.#pid !== undefined) running.delete(this.#pid);
        this.#pid = found.pid;
        running.add(found.pid);
        return found.port;
      }
      const log = await open(this.#log, "w", 0o600);
      await log.close();
      await this.#giveAway(this.#log);
      const settings = [`-p ${await freePort()}`, ...SETTINGS.map((setting) => `-c ${setting}`)].join(" ");
      // A port that was taken meanwhile, or another process that was quicker: look again.
      await this.#ctl([
        "start",
        "-D",
        this.#data,
        "-w",
        "-t",
        String(START_SECONDS),
        "-l",
        this.#log,
        "-o",
        settings,
      ]).catch((error: unknown) => {
        if (attempt === START_ATTEMPTS) throw error;
      });
    }
  }

  /** The server that serves the folder, as its lock file says; a lock file that a dead one left is removed. */
  async #find(): Promise<{ pid: number; port: number } | undefined> {
    const file = path.join(this.#data, "postmaster.pid");
    for (let waited = 0; ; waited += 100) {
      const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
      const pid = Number(lines[0]);
      if (!(pid > 0) || !alive(pid)) return undefined;
      if (!(await isServer(pid))) {
        // After a restart of the machine the number may belong to anybody, and PostgreSQL would refuse to start.
        await rm(file, { force: true });
        return undefined;
      }
      if (lines[7]?.trim() === "ready") return { pid, port: Number(lines[3]) };
      if (waited > START_SECONDS * 1000) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #ctl(args: string[]): Promise<void> {
    await this.#spawn(this.#programs.pgCtl, args);
  }

  async #spawn(program: string, args: string[]): Promise<void> {
    const { uid, gid } = this.#account ?? {};
    const options: ExecFileOptions = {
      cwd: this.#folder,
      windowsHide: true,
      maxBuffer: 10 * 1024 * 1024,
      env: { ...process.env, LC_ALL: "C" },
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    };
    await run(program, args, options);
  }

  async #giveAway(file: string): Promise<void> {
    if (this.#account !== undefined) await chown(file, this.#account.uid, this.#account.gid);
  }

  /** The server's own words, where it has any. */
  async #reason(thrown: unknown): Promise<string> {
    const log = await readFile(this.#log, "utf8").catch(() => "");
    const fatal = log.split("\n").findLast((line) => /\b(FATAL|PANIC):/.test(line));
    const { stderr } = thrown as { stderr?: string };
    return fatal?.replace(/^.*?(FATAL|PANIC):\s*/, "") ?? (stderr?.trim().split("\n").at(-1) || messageOf(thrown));
  }
}

/** Where in a database's folder the PostgreSQL cluster is. */
export function dataFolder(folder: string): string {
  return path.join(folder, "server");
}

/** Makes the database where the cluster is new. */
async function createDatabase(config: ClientConfig): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ ...config, database: "postgres" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [EMBEDDED_NAME]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${EMBEDDED_NAME}`);
  } catch (error) {
    // Another process that starts on the same folder was quicker.
    if (!["42P04", "23505"].includes(sqlState(error) ?? "")) throw error;
  } finally {
    await client.end();
  }
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function alive(pid: number): boolean {
  return signal(pid, 0);
}

/** Whether that process is a PostgreSQL that runs; taken on trust where the system does not tell. */
async function isServer(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // In a container without an init process, one that ended stays as a zombie, state Z.
  return /^\d+ \(postgres\) [^ZX]/.test(stat);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
