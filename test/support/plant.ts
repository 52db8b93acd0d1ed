import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { PartHealth } from "../../lib/health/index.ts";
import { startChild } from "./child.ts";
import { freePorts } from "./ports.ts";
import { until } from "./until.ts";

const root = path.resolve(import.meta.dirname, "../..");
/** What `npm start` runs, without npm in between, so that signals reach the plant. */
const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { scripts: { start: string } };
const START = scripts.start.split(" ").slice(1);
export const PASSWORD = "test-password";

export interface PlantRun {
  readonly pid: number;
  /** `http://127.0.0.1:port` of editor and dashboard. */
  readonly url: string;
  /** The address of its simulator. */
  readonly opcuaUrl: string;
  readonly stateDir: string;
  /** Everything printed so far. */
  output(): string;
  /** Waits until the output matches; rejects when the process ends or the time is up. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
  /** What `/fplus/health` answers, signed in. */
  health(): Promise<PartHealth[]>;
  /** A bearer token of the admin API. */
  token(): Promise<string>;
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** `kill -9`. */
  kill(): Promise<void>;
}

export interface PlantRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Keeps using a state folder; a fresh one otherwise. */
  readonly stateDir?: string;
  /** Ports for editor, OPC UA and MQTT, to keep them over a restart. */
  readonly ports?: readonly number[];
}

/** A fresh folder for a plant's state; the caller removes it with `removeState`. */
export async function newState(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "fplus-plant-"));
  // As root, the embedded database runs under another account, which must pass through.
  await chmod(folder, 0o755);
  return folder;
}

export function removeState(stateDir: string): Promise<void> {
  return rm(stateDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Starts the standalone plant as a user would, on ports and a state folder of its own. */
export async function startPlant(options: PlantRunOptions = {}): Promise<PlantRun> {
  const [web, opcua, mqtt] = options.ports ?? (await freePorts(3));
  const stateDir = options.stateDir ?? (await newState());
  const child = startChild(process.execPath, START, {
    cwd: root,
    env: {
      ...process.env,
      FPLUS_PORT: String(web),
      FPLUS_OPCUA_PORT: String(opcua),
      FPLUS_MQTT_PORT: String(mqtt),
      FPLUS_STATE: stateDir,
      FPLUS_ADMIN_PASSWORD: PASSWORD,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return watch(child, `http://127.0.0.1:${web}`, `opc.tcp://127.0.0.1:${opcua}/fplus`, stateDir);
}

function watch(child: ChildProcess, url: string, opcuaUrl: string, stateDir: string): PlantRun {
  let text = "";
  let access: Promise<string> | undefined;
  const collect = (chunk: Buffer): void => void (text += chunk.toString());
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  // "close" comes when the output is complete too.
  let ended = false;
  const exited = once(child, "close").then(() => (ended = true));
  const token = (): Promise<string> => (access ??= signIn(url));
  return {
    pid: child.pid ?? 0,
    url,
    opcuaUrl,
    stateDir,
    output: () => text,
    token,
    async printed(pattern) {
      let match: RegExpMatchArray | null = null;
      const check = (): boolean => {
        match = pattern.exec(text);
        if (match === null && ended) throw new Error(`the plant ended before it printed ${pattern}:\n${text}`);
        return match !== null;
      };
      await until(`the plant to print ${pattern}`, check).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${text}`);
      });
      return match!;
    },
    async health() {
      const response = await fetch(`${url}/fplus/health`, { headers: { authorization: `Bearer ${await token()}` } });
      if (!response.ok) throw new Error(`health answered ${response.status}`);
      return (await response.json()) as PartHealth[];
    },
    async stop() {
      if (!ended) child.kill("SIGINT");
      await exited;
      return child.exitCode;
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/auth/token`, {
    method: "POST",
    body: new URLSearchParams({
      client_id: "node-red-admin",
      grant_type: "password",
      scope: "*",
      username: "admin",
      password: PASSWORD,
    }),
  });
  if (!response.ok) throw new Error(`sign-in answered ${response.status}`);
  return ((await response.json()) as { access_token: string }).access_token;
}
