import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Influxd, startInfluxd } from "../../support/influxd.ts";
import { startInfluxd2 } from "../../support/influxd2.ts";
import { residentMegabytes } from "../process.ts";

const RATE = 20_000;
const BATCHES_PER_SECOND = 20;

/** What the child says once a second, and at its end. */
interface Said {
  readonly sent: number;
  readonly acknowledged: number;
  readonly backlog: number;
  readonly dropped: number;
}

/**
 * A real InfluxDB killed for some seconds under 20,000 points a second: what was lost, how long the backlog took after the return,
 * and how large the writing process became. `FPLUS_BENCH_OUTAGE_SECONDS` sets the length (300 for the full figure).
 */
export async function outage(
  release: "1.6" | "2.7",
  program: string,
  folder: string,
): Promise<Record<string, string | number>> {
  const seconds = Number(process.env["FPLUS_BENCH_OUTAGE_SECONDS"] || 20);
  const [data, spool] = [path.join(folder, "influx"), path.join(folder, "spool")];
  mkdirSync(spool, { recursive: true });
  const start = (port?: number): Promise<Influxd & { readonly token?: string }> =>
    release === "2.7" ? startInfluxd2(data, port) : startInfluxd(program, data, port);
  let server = await start();
  const { url, token = "" } = server;
  const script = path.join(import.meta.dirname, "outage.child.ts");
  const child = fork(script, [url, spool, String(RATE), String(BATCHES_PER_SECOND), token]);
  let said: Said = { sent: 0, acknowledged: 0, backlog: 0, dropped: 0 };
  let largest = 0;
  child.on("message", (message) => {
    said = message as Said;
    largest = Math.max(largest, residentMegabytes(child.pid!));
  });
  try {
    await rest(5000);
    await server.stop();
    await rest(seconds * 1000);
    server = await start(Number(new URL(url).port));
    const returned = performance.now();
    await next(child);
    while (said.backlog > 0) await next(child);
    const drained = (performance.now() - returned) / 1000;
    child.send("stop");
    await once(child, "exit");
    const held = await countOf(url, token);
    return {
      "InfluxDB away": `${release}, ${seconds} s at ${RATE.toLocaleString("en")} points/s`,
      "points sent": said.sent,
      lost: said.acknowledged - held + said.dropped,
      "s until drained": Math.round(drained * 10) / 10,
      "largest MB": Math.round(largest),
    };
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
    await server.stop();
  }
}

async function next(child: ChildProcess): Promise<void> {
  await once(child, "message");
}

async function countOf(url: string, token: string): Promise<number> {
  const query = new URLSearchParams({ db: "plant", q: "SELECT count(value) FROM sensors" });
  const headers: Record<string, string> = token === "" ? {} : { authorization: `Token ${token}` };
  const answer = (await (await fetch(`${url}/query?${query.toString()}`, { headers })).json()) as {
    results: { series?: { values: [string, number][] }[] }[];
  };
  return answer.results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
