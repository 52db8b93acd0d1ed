/**
 * Reads counting tags and puts them into a spool, as a gateway does; a message is confirmed only when the disk has it, and
 * that takes a while. Runs as a process of its own: `node capture.ts <url> <folder> <tags> <delayMs>`. Prints `ready` with the first value,
 * and `notice <text>` for what the reader says.
 */
import path from "node:path";
import { Endpoint, Monitor } from "../../lib/opcua/index.ts";
import { type SampleBatch, signals } from "../../lib/sample/index.ts";
import { openSpool } from "../../lib/spool/index.ts";

const [url = "", folder = "", tagCount = "1", delayMs = "0"] = process.argv.slice(2);
const spool = openSpool({ directory: path.join(folder, "spool"), maxBytes: 100_000_000, policy: "refuse" });
const endpoint = new Endpoint({ name: "capture", url, pkiFolder: path.join(folder, "pki") });
let isFirst = true;

function keep(batch: SampleBatch): void {
  const rows = Array.from({ length: batch.length }, (_, i) => [signals.get(batch.signal[i]!).metric, batch.value(i)]);
  spool.append(Buffer.from(JSON.stringify(rows)));
  spool.flush().then(
    () => batch.receipt?.confirm(),
    () => process.exit(1),
  );
  if (isFirst) process.stdout.write("ready\n");
  isFirst = false;
}

const monitor = new Monitor(
  endpoint,
  Array.from({ length: Number(tagCount) }, (_, i) => ({
    device: "Counter1",
    metric: `Count${i}`,
    nodeId: `ns=1;s=Count${i}`,
  })),
  {
    publishingMs: 50,
    samplingMs: 0,
    queueSize: 10,
    enumTexts: false,
    acknowledge: "stored",
    memoryFile: path.join(folder, "subscription.json"),
    onBatch: (batch) => void setTimeout(() => keep(batch), Number(delayMs)),
    onNotice: (text) => process.stdout.write(`notice ${text}\n`),
  },
);
endpoint.use(monitor);
endpoint.start();
