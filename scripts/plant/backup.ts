import { createReadStream, createWriteStream, existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import {
  BACKUP_PARTS,
  type BackupPart,
  type BackupPlaces,
  type BackupProgress,
  BackupShelf,
  backUp,
  packageVersion,
  restore,
  verifyArchive,
} from "../../lib/operations/index.ts";
import { openPlant, type Plant, processLeases } from "../../lib/plant/index.ts";
import { everySecond } from "./every-second.ts";
import { isRepository, packageRoot } from "./place.ts";
import { runningDatabase } from "./running-database.ts";

const USAGE = `factory-plus backup  [--to <file>] [--history none|all|<days>] [--objects <bucket>,…]
factory-plus backups
factory-plus verify  [<file>|<key>|latest]
factory-plus restore [<file>|<key>|latest] [--replace] [--only ${BACKUP_PARTS.join(",")}]

Backups lie in the bucket "backups" of the plant's object store (--bucket), or in a file. FPLUS_BACKUP_KEY encrypts and opens them.
The plant is that of FPLUS_STATE; its stores are the embedded ones, or those of FPLUS_DATABASE_URL, FPLUS_S3_URL and FPLUS_INFLUX_URL.
Stop Node-RED before a restore, and before a backup that reads or writes an embedded store other than the database.`;

const OPTIONS = {
  to: { type: "string" },
  history: { type: "string", default: "none" },
  objects: { type: "string", default: "" },
  bucket: { type: "string", default: "backups" },
  plant: { type: "string" },
  only: { type: "string" },
  replace: { type: "boolean", default: false },
} as const;

/** Does what the words ask for and says it. @throws Error to show as it is */
export async function runBackupCommand(words: readonly string[]): Promise<void> {
  const { values, positionals } = parsed(words);
  const [command, which = "latest"] = positionals;
  const work = new Work(values);
  try {
    if (command === "backup") await work.backUp();
    else if (command === "backups") await work.list();
    else if (command === "verify") await work.verify(which);
    else await work.restore(which);
  } finally {
    await processLeases.closeAll();
  }
}

type Values = ReturnType<typeof parsed>["values"];

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new Error(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

class Work {
  readonly #values: Values;
  readonly #stateDir = path.resolve(
    process.env["FPLUS_STATE"] || (isRepository ? path.join(packageRoot, "state") : "factory-plus"),
  );
  readonly #passphrase = process.env["FPLUS_BACKUP_KEY"] || undefined;
  readonly #say = everySecond();
  readonly #plant: Plant;

  constructor(values: Values) {
    this.#values = values;
    const { name, folder } = plantOfFlows(path.join(this.#stateDir, "flows.json"));
    const stateDir = path.resolve(folder || path.join(this.#stateDir, "fplus"));
    // A server that runs for the plant goes on after us.
    process.env["FPLUS_DATABASE_URL"] ||= runningDatabase(path.join(stateDir, "database")) ?? "";
    this.#plant = openPlant({ name: values.plant ?? name, stateDir });
  }

  async backUp(): Promise<void> {
    const { to, history, objects: buckets } = this.#values;
    const places = this.#places([
      "node-red",
      "database",
      ...(history === "none" ? [] : ["historian"]),
      ...(buckets === "" ? [] : ["objects"]),
    ]);
    const days = /^\d+$/.test(history) ? Number(history) : undefined;
    if (days === undefined && history !== "none" && history !== "all")
      throw new Error(`not a part of the history: ${history}\n${USAGE}`);
    const options = {
      plant: this.#plant.name,
      version: packageVersion(),
      passphrase: this.#passphrase,
      buckets: buckets.split(",").filter((one) => one !== ""),
      onProgress: this.#onProgress,
      ...(days === undefined ? {} : { historyDays: days }),
    };
    const { report, stored: where } = await backUp(places, options, async (content, head) => {
      if (to !== undefined) return await writeFile(path.resolve(to), content);
      const { bucket, key } = await this.#shelf().put(content, head, this.#passphrase !== undefined);
      return `${bucket}/${key}`;
    });
    const { sha256 } = await verifyArchive(
      await this.#opened(to ?? where.slice(where.indexOf("/") + 1)),
      this.#passphrase,
      this.#onProgress,
    );
    if (sha256 !== report.sha256) throw new Error(`${where} is not what was written`);
    console.log(`${where}: ${megabytes(report.size)} MB in ${seconds(report.ms)} s, read back and the same.`);
    console.log(
      `${report.entries} entries, ${report.rows} rows, ${report.samples} samples${report.encrypted ? ", encrypted" : ", NOT encrypted: set FPLUS_BACKUP_KEY"}.`,
    );
    console.log(`sha256 ${report.sha256}`);
    for (const what of report.left) console.log(`not in it: ${what}`);
  }

  async list(): Promise<void> {
    const backups = await this.#shelf().list();
    for (const { key, time, size } of backups)
      console.log(`${new Date(time).toISOString()}  ${megabytes(size).padStart(10)} MB  ${key}`);
    console.log(`${backups.length} backups of ${this.#plant.name}.`);
  }

  async verify(which: string): Promise<void> {
    const { plant, time, entries, size, parts, sha256, ms } = await verifyArchive(
      await this.#opened(which),
      this.#passphrase,
      this.#onProgress,
    );
    console.log(
      `${plant}, ${new Date(time).toISOString()}: ${entries} entries, ${megabytes(size)} MB, ${parts.join(", ")}. All checksums are right (${seconds(ms)} s).`,
    );
    console.log(`sha256 ${sha256}`);
  }

  async restore(which: string): Promise<void> {
    const { only, replace } = this.#values;
    const parts = only === undefined ? BACKUP_PARTS : (only.split(",") as BackupPart[]);
    const wrong = parts.find((part) => !BACKUP_PARTS.includes(part));
    if (wrong !== undefined) throw new Error(`an archive has no part ${wrong}\n${USAGE}`);
    const done = await restore(() => this.#opened(which), this.#places(parts), {
      passphrase: this.#passphrase,
      replace,
      onProgress: this.#onProgress,
      only: parts,
    });
    console.log(`${done.plant} is as it was at ${new Date(done.time).toISOString()}:`);
    console.log(
      `  ${done.tables} tables with ${done.rows} rows, ${done.files} files, ${done.samples} samples, ${done.objects} objects`,
    );
    for (const file of done.kept) console.log(`  kept what was there: ${file}`);
    if (done.rejected > 0) console.log(`  ${done.rejected} samples that the historian cannot hold`);
    for (const what of done.left) console.log(`  not in it, make it by hand: ${what}`);
    console.log(`Verified in ${seconds(done.verifyMs)} s, whole again after ${seconds(done.ms)} s. Start Node-RED.`);
  }

  #places(parts: readonly string[]): BackupPlaces {
    const plant = this.#plant;
    return {
      ...(parts.includes("node-red") ? { nodeRed: { userDir: this.#stateDir, stateDir: plant.stateDir } } : {}),
      ...(parts.includes("database") ? { database: plant.database().value } : {}),
      ...(parts.includes("historian") ? { historian: plant.historian().value } : {}),
      ...(parts.includes("objects") ? { objects: plant.objects().value } : {}),
    };
  }

  #shelf(): BackupShelf {
    return new BackupShelf({
      objects: this.#plant.objects().value,
      bucket: this.#values.bucket,
      plant: this.#plant.name,
    });
  }

  /** A file where there is one of that name, else a backup of the store. */
  async #opened(which: string): Promise<AsyncIterable<Buffer>> {
    if (existsSync(which) && statSync(which).isFile())
      return createReadStream(which, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
    const shelf = this.#shelf();
    return await shelf.open(await shelf.keyOf(which));
  }

  readonly #onProgress = ({ doing, entry, entries, bytes }: BackupProgress): void =>
    this.#say(() => `${doing}: ${megabytes(bytes)} MB, entry ${entries}, ${entry}`);
}

/** Name and folder of the plant in the flows, where there are any. */
function plantOfFlows(file: string): { name: string; folder: string } {
  const flows = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { type: string; name?: string; folder?: string }[])
    : [];
  const plant = flows.find(({ type }) => type === "fplus-plant");
  return { name: plant?.name || "Plant", folder: plant?.folder ?? "" };
}

/** Writes a file as a whole or not at all. */
async function writeFile(file: string, content: AsyncIterable<Buffer>): Promise<string> {
  const partial = `${file}.part`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await pipeline(content, createWriteStream(partial, { flush: true, mode: 0o600 }));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return file;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
