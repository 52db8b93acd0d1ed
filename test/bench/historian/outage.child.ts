/** Writes samples at a steady rate through a writer with a spool, and says once a second how it is. */
import { HistorianWriter, openHistorian } from "../../../lib/historian/index.ts";
import { SampleBatch, signals, ValueType } from "../../../lib/sample/index.ts";
import { openSpool } from "../../../lib/spool/index.ts";

const [url = "", folder = "", rate = "", batches = "", token = ""] = process.argv.slice(2);
const size = Number(rate) / Number(batches);
const ids = Array.from({ length: 100 }, (_, i) => signals.intern({ source: "p", device: "m", metric: `T${i}` }).id);
const store = openHistorian({ engine: "influx", url, token, bucket: "plant" });
const spool = openSpool({ directory: folder, maxBytes: 1e9, policy: "refuse" });
const writer = new HistorianWriter(store, { spool });
const began = Date.now();
let made = 0;
let sent = 0;
let acknowledged = 0;

function send(): void {
  const batch = new SampleBatch(size);
  for (let k = 0; k < size; k++) {
    const i = batch.add(ids[made % ids.length]!, ValueType.Double, began + Math.floor(made / ids.length), 0, 0);
    batch.f64[i] = made++ / 4;
  }
  sent += size;
  writer.write(batch).then(
    ({ written }) => (acknowledged += written),
    () => undefined,
  );
}

function say(): void {
  const { spoolDepth, queued, dropped } = writer.stats();
  process.send?.({ sent, acknowledged, backlog: spoolDepth + (spoolDepth > 0 ? queued : 0), dropped });
}

const start = performance.now();
const pace = setInterval(
  () => {
    const due = ((performance.now() - start) / 1000) * Number(rate);
    while (sent + size <= due) send();
  },
  1000 / Number(batches),
);
const report = setInterval(say, 1000);
process.on("message", () => {
  clearInterval(pace);
  void (async () => {
    while (writer.stats().queued > 0 || writer.stats().spoolDepth > 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    clearInterval(report);
    say();
    await writer.close();
    await store.close();
    process.disconnect();
  })();
});
