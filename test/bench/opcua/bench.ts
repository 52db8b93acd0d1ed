/**
 * Reading OPC UA, beside what its users have today: values through a Node-RED against node-red-contrib-opcua, the cost of a
 * change against node-opcua's own group of monitored items, start with 10,000 tags, links that drop, redeploys, dead devices.
 * `FPLUS_BENCH_REDEPLOYS` (300) and `FPLUS_BENCH_MINUTES` (0.5) set the length of the last two.
 */
import type { BenchResult } from "../../../scripts/bench.ts";
import { rounded } from "../process.ts";
import { dropLink } from "./drops.ts";
import { tryDeadDevices } from "./dead-devices.ts";
import { compareIngest } from "./ingest.ts";
import { redeployCore, type Redeployed, redeployReader } from "./redeploys.ts";
import { secondsToFirstValues } from "./start.ts";
import { peerHome, throughNodeRed } from "./through-node-red.ts";

const LOADS = [
  { tags: 10_000, periodMs: 1000 },
  { tags: 1_000, periodMs: 100 },
] as const;
const ABSENT = "not to be had from npm";

type Row = BenchResult["rows"][number];

export async function run(): Promise<BenchResult> {
  const rows: Row[] = [];
  const home = await peerHome();
  for (const load of LOADS) rows.push(...(await delivered(load.tags, load.periodMs, home)));
  const { ours, peer, ratio } = await compareIngest();
  rows.push({
    what: "ingest, 1,000 changes a publish response, µs of processor a change",
    ours: rounded(ours.microseconds, 2),
    peer: `${rounded(peer.microseconds, 2)} (ClientMonitoredItemGroup)`,
    ratio: rounded(ratio, 2),
    aim: "0.3",
  });
  rows.push({
    what: "10,000 tags, connect to a value of each, s",
    ours: rounded(await secondsToFirstValues(10_000), 2),
    aim: "2",
  });
  for (const seconds of [1, 3, 8, 30]) rows.push(await dropped(seconds));
  rows.push(await dropped(3, 10));
  rows.push(...(await redeployed(Number(process.env["FPLUS_BENCH_REDEPLOYS"] || 300))));
  const minutes = Number(process.env["FPLUS_BENCH_MINUTES"] || 0.5);
  const dead = await tryDeadDevices(200, minutes);
  rows.push({
    what: `200 dead devices, ${minutes} min: attempts a device; MB of heap`,
    ours: `${rounded(dead.attempts)}; ${dead.megabytes.map((one) => rounded(one)).join(" → ")}`,
    aim: "bounded; flat",
  });
  return { title: "OPC UA into Node-RED", rows };
}

async function delivered(tags: number, periodMs: number, home: string | undefined): Promise<Row[]> {
  const ours = await throughNodeRed("ours", tags, periodMs);
  const peer = home === undefined ? undefined : await throughNodeRed("peer", tags, periodMs, home);
  const load = `${tags.toLocaleString("en")} tags at ${1000 / periodMs} Hz through Node-RED`;
  return [
    {
      what: `${load}, % delivered`,
      ours: rounded(ours.deliveredPercent, 2),
      peer: peer === undefined ? ABSENT : `${rounded(peer.deliveredPercent)} (node-red-contrib-opcua)`,
      aim: "100",
    },
    {
      what: `${load}, µs of processor a change`,
      ours: rounded(ours.microseconds, 2),
      peer: peer === undefined ? ABSENT : rounded(peer.microseconds),
      ...(peer === undefined ? {} : { ratio: rounded(ours.microseconds / peer.microseconds, 3) }),
      aim: "0.05",
    },
  ];
}

async function dropped(seconds: number, queueSize?: number): Promise<Row> {
  const { missing, duplicate, outOfOrder, marked, caughtUpMs } = await dropLink(seconds, queueSize);
  const queue = queueSize === undefined ? "" : `, a queue of ${queueSize}`;
  return {
    what: `link cut ${seconds} s, 200 tags at 10 Hz${queue}: missing, doubled, out of order`,
    ours: `${missing}, ${duplicate}, ${outOfOrder}${marked > 0 ? `; ${marked} tags marked` : ""}; whole again after ${rounded(caughtUpMs / 1000)} s`,
    aim: queueSize === undefined ? "0, 0, 0" : "told by the Overflow bit of each tag",
  };
}

async function redeployed(deploys: number): Promise<Row[]> {
  const { sessions, subscriptions, channels, ...ours } = await redeployReader(deploys);
  const peer = await redeployCore(deploys);
  const kilobytes = ({ halfway, end }: Redeployed): number => rounded((end - halfway) / 1000 / (deploys / 2));
  const megabytes = ({ halfway, end }: Redeployed): string => `${rounded(halfway / 1e6)} → ${rounded(end / 1e6)} MB`;
  return [
    {
      what: `${deploys} redeploys, each tenth with another endpoint: sessions, subscriptions, channels`,
      ours: `${sessions}, ${subscriptions}, ${channels}`,
      aim: "1, 1, 1",
    },
    {
      what: `${deploys} redeploys, the second half: KB of heap and buffers more a redeploy, after a collection`,
      ours: `${kilobytes(ours)} (${megabytes(ours)})`,
      peer: `${kilobytes(peer)} (${megabytes(peer)}; inject and change of Node-RED)`,
      aim: "the peer's",
    },
  ];
}
