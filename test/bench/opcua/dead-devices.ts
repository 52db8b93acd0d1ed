import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Endpoint } from "../../../lib/opcua/index.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

/** What trying to reach devices costs that are off. */
export interface DeadDevices {
  readonly devices: number;
  readonly minutes: number;
  /** Attempts a device. */
  readonly attempts: number;
  /** Heap in megabytes after the first attempts, and at the end. */
  readonly megabytes: readonly [early: number, end: number];
}

/** Endpoints whose address nobody answers, for a while. */
export async function tryDeadDevices(devices: number, minutes: number): Promise<DeadDevices> {
  const [port] = await freePorts(1);
  const pkiFolder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  const endpoints = Array.from(
    { length: devices },
    (_, i) => new Endpoint({ name: `Device${i}`, url: `opc.tcp://127.0.0.1:${port}`, pkiFolder }),
  );
  const attempts = (): number => endpoints.reduce((sum, one) => sum + one.health().counters["attempts"]!, 0);
  for (const endpoint of endpoints) endpoint.start();
  await until("two attempts each", () => attempts() >= 2 * devices);
  const early = heapMegabytes();
  const before = attempts();
  await pause(minutes * 60_000);
  const result = {
    devices,
    minutes,
    attempts: (attempts() - before) / devices,
    megabytes: [early, heapMegabytes()],
  } as const;
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  rmSync(pkiFolder, { recursive: true, force: true });
  return result;
}

function heapMegabytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
