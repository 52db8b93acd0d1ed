import { Point } from "@influxdata/influxdb-client";
import { LineRenderer } from "../../../lib/historian/influx/line.ts";
import { takeIn } from "../../../lib/historian/points.ts";
import type { SampleBatch, SignalRegistry } from "../../../lib/sample/index.ts";
import { duel } from "../rounds.ts";

/** Lines of one batch as bytes to send, here and with the official client's Point, in turns. */
export function lines(batch: SampleBatch, registry: SignalRegistry): Record<string, string | number>[] {
  const { points } = takeIn(batch, registry);
  const renderer = new LineRenderer("sensors", registry);
  const never = (): boolean => false;
  const doubles = new Float64Array(points.bits.buffer);
  const ours = (): void => void renderer.render(points, never);
  const theirs = (): void => {
    const text: (string | undefined)[] = [];
    for (let i = 0; i < points.length; i++) {
      const { path, source, device, metric, unit } = registry.get(points.signal[i]!);
      const point = new Point("sensors").tag("device", device).tag("metric", metric).tag("path", path);
      point.tag("source", source).tag("unit", unit).floatField("value", doubles[i]!);
      text.push(point.timestamp(`${points.ms[i]!}000000`).toLineProtocol());
    }
    Buffer.from(text.join("\n"));
  };
  const { ours: own, peer, ratio } = duel(ours, theirs);
  const row = (name: string, nanoseconds: number, times: number): Record<string, string | number> => ({
    "line protocol": name,
    "ns a line": Math.round(nanoseconds / points.length),
    ratio: Math.round(times * 10) / 10,
  });
  return [row("ours", own, ratio), row("official client's Point", peer, 1)];
}
