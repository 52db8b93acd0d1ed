import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import { startChild } from "./child.ts";
import { until } from "./until.ts";

/** Where a real program is, if this machine has it: an environment variable or a usual place. */
export function findProgram(variable: string, ...places: string[]): string | undefined {
  const named = process.env[variable];
  return named || places.find((place) => existsSync(place));
}

/**
 * True when a test must be left out because a service is missing; prints the one line that says so.
 * With REQUIRE_SERVICES=1 a missing service is a failure instead, unless UNAVAILABLE_SERVICES (names with a comma between them) says
 * that it cannot be had on this machine.
 */
export function missing(t: TestContext, service: string, found: unknown): boolean {
  if (found !== undefined && found !== "") return false;
  const unavailable = (process.env["UNAVAILABLE_SERVICES"] ?? "").split(",");
  if (process.env["REQUIRE_SERVICES"] === "1" && !unavailable.includes(service))
    throw new Error(`${service} is required and not installed`);
  t.skip(`${service} is not installed`);
  return true;
}

export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Ends it by process id and waits. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program and waits until `ready` says so. */
export async function startService(
  program: string,
  args: readonly string[],
  ready: () => Promise<boolean>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServiceProcess> {
  const child = startChild(program, args, { stdio: "ignore", env });
  const service = stoppable(child);
  try {
    await until(`${program} to be ready`, () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
      return ready().catch(() => false);
    });
  } catch (error) {
    await service.stop("SIGKILL");
    throw error;
  }
  return service;
}

/** Starts a program that prints `ready` when it is. */
export async function startPrinting(program: string, args: readonly string[]): Promise<ServiceProcess> {
  const child = startChild(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", (text: Buffer) => {
      said = (said + text.toString()).slice(-10_000);
      if (said.includes("ready")) resolve();
    });
  });
  await Promise.race([ready, once(child, "exit")]);
  if (!said.includes("ready")) throw new Error(`${program} ${args.join(" ")} did not start: ${said}`);
  return stoppable(child);
}

function stoppable(child: ChildProcess): ServiceProcess {
  return {
    child,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}
