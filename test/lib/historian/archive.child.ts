/** Archives the months that a line of its input names, at once with whoever else was told to, and says so in a line. */
import { createInterface } from "node:readline";
import { ArchivedHistorian, MonthArchive, openHistorian } from "../../../lib/historian/index.ts";
import { openObjects } from "../../../lib/objects/index.ts";
import { SignalRegistry } from "../../../lib/sample/index.ts";

const [url = "", s3 = "", accessKey = "", secretKey = ""] = process.argv.slice(2);
const objects = openObjects({ engine: "s3", url: s3, accessKey, secretKey });
const plant = new ArchivedHistorian({
  store: openHistorian({ engine: "influx", url, bucket: "plant", version: "1", registry: new SignalRegistry() }),
  archive: new MonthArchive({ objects, bucket: "archive" }),
});
await plant.open();
process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  for (const month of line.split(" ")) await plant.archive(month);
  process.stdout.write("done\n");
}
await plant.close();
await objects.close();
