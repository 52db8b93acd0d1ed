/** Commits transactions of two rows and prints the number of each once it is acknowledged, until it is killed. */
import { openDatabase } from "../../../lib/database/index.ts";

const database = openDatabase({ engine: "embedded", directory: process.argv[2]!, program: "postgres" });
await database.query("CREATE TABLE IF NOT EXISTS commits (n int)");
for (let n = 1; ; n++) {
  const number = n;
  await database.transaction(async (transaction) => {
    await transaction.query("INSERT INTO commits VALUES ($1)", [number]);
    await transaction.query("INSERT INTO commits VALUES ($1)", [number]);
  });
  process.stdout.write(`${n}\n`);
}
