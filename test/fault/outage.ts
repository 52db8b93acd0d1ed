import { mkdirSync } from "node:fs";
import path from "node:path";
import { startCounter } from "../support/counter.ts";
import { type Influxd, startInfluxd } from "../support/influxd.ts";
import { startMosquitto } from "../support/mosquitto.ts";
import { type PlantRun, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import type { ServiceProcess } from "../support/services.ts";
import { until } from "../support/until.ts";

const TAGS = 20;
const PERIOD_MS = 100;

/** A plant between three real servers, each of which can be killed and brought back. */
export interface Rig {
  readonly plant: PlantRun;
  /** Kills a server with SIGKILL and starts it again after the time. */
  outage(which: "broker" | "opcua" | "historian", ms: number): Promise<void>;
  /** The last value every tag must have reached in the store by now, as the store says. */
  stored(): Promise<number[][]>;
  close(): Promise<void>;
}

/** Counter server, Mosquitto and influxd as processes, and the preset plant from `npm start` between them. */
export async function openRig(folder: string, influxProgram: string): Promise<Rig> {
  const [opcuaPort, mqttPort, influxPort, ...ports] = await freePorts(6);
  let influx: Influxd = await startInfluxd(influxProgram, path.join(folder, "influx"), influxPort);
  let broker: ServiceProcess = await startMosquitto(folder, mqttPort!);
  let counter = await startCounter(opcuaPort!, TAGS, PERIOD_MS);
  let first = 0;
  mkdirSync(path.join(folder, "state"));
  const plant = await startPlant({
    stateDir: path.join(folder, "state"),
    ports,
    env: {
      FPLUS_OPCUA_ENDPOINT: counter.url,
      FPLUS_BROKER_URL: `mqtt://127.0.0.1:${mqttPort}`,
      FPLUS_INFLUX_URL: influx.url,
      FPLUS_INFLUX_BUCKET: "counts",
    },
  });
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    plant,
    async outage(which, ms) {
      if (which === "broker") {
        await broker.stop("SIGKILL");
        await pause(ms);
        broker = await startMosquitto(folder, mqttPort!);
      } else if (which === "historian") {
        process.kill(influx.pid, "SIGKILL");
        await pause(ms);
        await influx.stop();
        influx = await startInfluxd(influxProgram, path.join(folder, "influx"), influxPort);
      } else {
        await counter.stop("SIGKILL");
        await pause(ms);
        // A new run counts from a round number on, so that the two can be told apart.
        first += 100_000;
        counter = await startCounter(opcuaPort!, TAGS, PERIOD_MS, first);
      }
    },
    stored: () => storedCounts(influx.url),
    async close() {
      await plant.stop();
      await Promise.all([broker.stop(), influx.stop(), counter.stop()]);
    },
  };
}

interface InfluxAnswer {
  readonly results: readonly {
    readonly series?: readonly { readonly values: readonly (readonly [string, number])[] }[];
  }[];
}

/** Every stored count of every tag, by InfluxDB's own query language. */
async function storedCounts(url: string): Promise<number[][]> {
  const query = encodeURIComponent('SELECT "value" FROM "sensors" WHERE "metric" =~ /Count/ GROUP BY *');
  const response = await fetch(`${url}/query?db=counts&q=${query}`);
  const { results } = (await response.json()) as InfluxAnswer;
  return (results[0]?.series ?? []).map(({ values }) => values.map(([, count]) => count));
}

/** Counts that should be there and are not: holes between the first and the last of a run. */
export function missingCounts(counts: readonly number[]): number[] {
  const missing: number[] = [];
  const sorted = [...new Set(counts)].toSorted((a, b) => a - b);
  sorted.forEach((count, i) => {
    const next = sorted[i + 1];
    if (next === undefined || Math.floor(next / 100_000) !== Math.floor(count / 100_000)) return;
    for (let hole = count + 1; hole < next; hole++) missing.push(hole);
  });
  return missing;
}

/** Waits until the store has caught up with the present. */
export async function caughtUp(rig: Rig): Promise<void> {
  let before = -1;
  await until("the store to catch up", async () => {
    const parts = await rig.plant.health();
    const waiting = parts.reduce((sum, { gauges }) => sum + (gauges["spoolDepth"] ?? 0) + (gauges["waiting"] ?? 0), 0);
    const newest = Math.max(...(await rig.stored()).map((counts) => counts.at(-1) ?? 0));
    const moves = newest > before;
    before = newest;
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Stores that nothing uses are off.
    return waiting === 0 && moves && parts.every(({ status }) => status === "up" || status === "off");
  });
}
