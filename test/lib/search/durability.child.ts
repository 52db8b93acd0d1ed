/** Indexes documents batch after batch until it is killed; prints the number of each batch that was acknowledged. */
import { openSearch } from "../../../lib/search/index.ts";

const store = openSearch({ engine: "embedded", directory: process.argv[2]! });
for (let batch = 0; ; batch++) {
  await store.upsert(
    "kept",
    Array.from({ length: 20 }, (_, i) => ({
      id: `${process.pid}-${batch}-${i}`,
      batch: `b${batch}`,
      text: "kept safe",
    })),
  );
  process.stdout.write(`${batch}\n`);
}
