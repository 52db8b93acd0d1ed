/** Stores objects one after another until it is killed; prints the key of each that was acknowledged. */
import { openObjects } from "../../../lib/objects/index.ts";

const store = openObjects({ engine: "embedded", directory: process.argv[2]! });
await store.open();
for (let i = 0; ; i++) {
  const key = `run/${process.pid}/${i}`;
  await store.put("kept", key, `${key} `.repeat(5000));
  process.stdout.write(`${key}\n`);
}
