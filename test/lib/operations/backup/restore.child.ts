/** Restores an archive into the plant of a folder, over a PostgreSQL server, and says how far it is. */
import { createReadStream } from "node:fs";
import { optionsOfUrl } from "../../../../lib/database/index.ts";
import { restore } from "../../../../lib/operations/index.ts";
import { KEY, openSmallPlant } from "./plant.ts";

const [folder, url, file] = process.argv.slice(2) as [string, string, string];
const plant = openSmallPlant(folder, optionsOfUrl(url));
await restore(() => Promise.resolve(createReadStream(file) as AsyncIterable<Buffer>), plant, {
  passphrase: KEY,
  replace: true,
  onProgress: ({ doing, entry }) => process.stdout.write(`${doing} ${entry}\n`),
});
process.stdout.write("done\n");
await plant.close();
