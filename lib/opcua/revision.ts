import type { MonitoredItem } from "./monitored-items.ts";

/** What was asked for, and the subscription as the server made it. */
interface Asked {
  readonly publishingMs: number;
  readonly surviveMs: number;
}
interface Made {
  readonly publishingMs: number;
  readonly lifetimeMs: number;
}

/** Servers round intervals. */
const TOLERANCE = 1.05;

/**
 * One sentence about everything that the server made less than was asked: publishing and sampling intervals, queues,
 * lifetime, filters. Empty where it took all as it was.
 */
export function revisionNotice(asked: Asked, made: Made, items: Iterable<MonitoredItem>): string {
  const said: string[] = [];
  if (made.publishingMs > asked.publishingMs * TOLERANCE)
    said.push(`publishing every ${inMs(made.publishingMs)} in place of ${inMs(asked.publishingMs)}`);
  if (made.lifetimeMs < asked.surviveMs)
    said.push(`keeping the subscription ${Math.round(made.lifetimeMs / 1000)} s without us`);
  const slower: MonitoredItem[] = [];
  const shorter: MonitoredItem[] = [];
  let unfiltered = 0;
  for (const item of items) {
    if (item.asked.samplingMs > 0 && item.samplingMs > item.asked.samplingMs * TOLERANCE) slower.push(item);
    if (item.queueSize < item.asked.queueSize) shorter.push(item);
    if (item.unfiltered) unfiltered += 1;
  }
  if (slower.length > 0)
    said.push(
      `sampling ${tags(slower.length)} every ${most(slower, "samplingMs")} ms, asked ${slower[0]!.asked.samplingMs}`,
    );
  if (shorter.length > 0) said.push(shortQueues(shorter, asked, made));
  if (unfiltered > 0) said.push(`without the filter of ${tags(unfiltered)}: every change comes`);
  return said.length === 0 ? "" : `The server works otherwise than asked: ${said.join("; ")}.`;
}

function shortQueues(items: readonly MonitoredItem[], { publishingMs }: Asked, made: Made): string {
  const least = items.reduce((a, b) => (b.queueSize < a.queueSize ? b : a));
  const interval = Math.max(least.samplingMs || made.publishingMs, 1);
  const seconds = Math.max(0, Math.floor((least.queueSize * interval) / 1000));
  const bridged = seconds === 0 ? `no longer than ${publishingMs} ms` : `up to ${seconds} s`;
  return `keeping ${least.queueSize} values of ${tags(items.length)}, asked ${least.asked.queueSize}: a lost link is bridged ${bridged}`;
}

function most(items: readonly MonitoredItem[], field: "samplingMs"): number {
  return items.reduce((largest, item) => Math.max(largest, item[field]), 0);
}

function tags(count: number): string {
  return count === 1 ? "1 tag" : `${count.toLocaleString("en")} tags`;
}

function inMs(ms: number): string {
  return `${Math.round(ms)} ms`;
}
