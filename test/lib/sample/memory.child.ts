/** Makes batches and forgets them, 240 MB in all; prints what the garbage collector did, and whether later contexts see its function. */
import { constants, PerformanceObserver } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";
import vm from "node:vm";
import { SampleBatch } from "../../../lib/sample/index.ts";

const MESSAGES = 8_000;
const SAMPLES = 1_000;

let minor = 0;
let full = 0;
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
    if (kind === constants.NODE_PERFORMANCE_GC_MINOR) minor += 1;
    if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) full += 1;
  }
});
observer.observe({ entryTypes: ["gc"] });

let most = 0;
for (let i = 0; i < MESSAGES; i++) {
  const batch = new SampleBatch(SAMPLES);
  batch.add(1, 10, 0, 0, 0);
  if (i % 100 === 0) {
    most = Math.max(most, process.memoryUsage().arrayBuffers);
    await turn();
  }
}
await turn();
observer.disconnect();
console.log(JSON.stringify({ minor, full, megabytes: most / 1e6, seen: vm.runInNewContext("typeof gc") as string }));
