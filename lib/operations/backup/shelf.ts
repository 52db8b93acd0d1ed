import { FplusError } from "../../errors/index.ts";
import { everyObject, type ObjectInfo, type ObjectStore } from "../../objects/index.ts";
import type { ArchiveHead } from "./archive/manifest.ts";

/** A backup as it lies in the store. */
export interface ShelvedBackup {
  readonly key: string;
  /** When it was made, milliseconds since the epoch. */
  readonly time: number;
  /** Bytes. */
  readonly size: number;
}

/** Where the backups of a plant lie. */
export interface ShelfPlace {
  readonly objects: ObjectStore;
  readonly bucket: string;
  /** Name of the plant; its backups lie in a folder of their own. */
  readonly plant: string;
}

const ENDING = ".fpbackup";
const TYPE = "application/vnd.factory-plus.backup";

/** The backups of a plant in an object store: `<plant>/2026-11-25T02-00-00.000Z.fpbackup`, each with its checksum beside it. */
export class BackupShelf {
  readonly #place: ShelfPlace;
  readonly #folder: string;

  constructor(place: ShelfPlace) {
    this.#place = place;
    this.#folder = `${folderName(place.plant)}/`;
  }

  /** Stores an archive as a whole or not at all. */
  async put(
    content: AsyncIterable<Buffer>,
    { time, id, version, parts }: ArchiveHead,
    encrypted: boolean,
  ): Promise<ObjectInfo> {
    const { objects, bucket, plant } = this.#place;
    const made = new Date(time).toISOString();
    const key = `${this.#folder}${made.replaceAll(":", "-")}${ENDING}`;
    const metadata = { plant, made, id, version, parts: parts.join(" "), encrypted: encrypted ? "yes" : "no" };
    return await objects.put(bucket, key, content, { contentType: TYPE, metadata });
  }

  /** The plant's backups, the newest first; what else lies there is none of ours. */
  async list(): Promise<ShelvedBackup[]> {
    const { objects, bucket } = this.#place;
    const found: ShelvedBackup[] = [];
    if (!(await objects.buckets()).includes(bucket)) return found;
    for await (const { key, size } of everyObject(objects, bucket, { prefix: this.#folder })) {
      const time = timeOf(key.slice(this.#folder.length));
      if (time !== undefined) found.push({ key, time, size });
    }
    return found.sort((a, b) => b.time - a.time);
  }

  /**
   * The key of a backup: `latest`, or a key of this plant.
   * @throws FplusError `objects.missing`
   */
  async keyOf(named: string): Promise<string> {
    if (named !== "" && named !== "latest") return named;
    const [newest] = await this.list();
    if (newest !== undefined) return newest.key;
    throw new FplusError("objects.missing", `there is no backup of ${this.#place.plant} in ${this.#place.bucket}`, {
      field: "key",
    });
  }

  async open(key: string): Promise<AsyncIterable<Buffer>> {
    const { stream } = await this.#place.objects.get({ bucket: this.#place.bucket, key });
    return stream as AsyncIterable<Buffer>;
  }

  /** @throws FplusError `backup.target` for a key that is no backup of this plant */
  async delete(key: string): Promise<void> {
    if (!key.startsWith(this.#folder) || timeOf(key.slice(this.#folder.length)) === undefined) {
      throw new FplusError("backup.target", `${key} is no backup of ${this.#place.plant}`, {
        field: "key",
        hint: "List the backups for their keys.",
      });
    }
    await this.#place.objects.delete({ bucket: this.#place.bucket, key });
  }
}

function folderName(plant: string): string {
  const name = plant
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return name.slice(0, 60) || "plant";
}

function timeOf(name: string): number | undefined {
  const [, day, hour, rest] = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d-\d\d(?:\.\d{3})?Z)\.fpbackup$/.exec(name) ?? [];
  const time = Date.parse(`${day ?? ""}${hour ?? ""}:${rest?.replace("-", ":") ?? ""}`);
  return Number.isNaN(time) ? undefined : time;
}
