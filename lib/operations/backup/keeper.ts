import { FplusError, toFplusError } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { backUp } from "./back-up.ts";
import { outlived, type Retention } from "./retention.ts";
import type { NextRun } from "./schedule.ts";
import type { BackupShelf, ShelvedBackup } from "./shelf.ts";
import type { BackupOptions, BackupPlaces, BackupProgress, BackupReport, VerifyReport } from "./types.ts";
import { verifyArchive } from "./verify.ts";

/** What a keeper looks after. */
export interface KeeperOptions {
  /** Name for the health page. */
  readonly name: string;
  readonly places: BackupPlaces;
  readonly shelf: BackupShelf;
  readonly backup: BackupOptions;
  /** Left out = none is deleted. */
  readonly retention?: Retention;
  /** When backups are due; left out = only on demand. */
  readonly next?: NextRun;
  /** Milliseconds after which the last backup counts as too old; left out = two hours after the next one was due. */
  readonly warnAfterMs?: number;
  /** A backup that was due was made. */
  readonly onMade?: (made: MadeBackup) => void;
  /** One that was due failed; it is tried again. */
  readonly onFailed?: (error: FplusError) => void;
}

/** A backup that was made, checked and put away. */
export interface MadeBackup extends BackupReport {
  readonly key: string;
  /** Older ones that went. */
  readonly deleted: readonly string[];
}

/** How backups stand. */
export interface KeeperState {
  /** What is being done now. */
  readonly running?: BackupProgress;
  readonly last?: ShelvedBackup;
  /** When the next one is due, milliseconds since the epoch. */
  readonly next?: number;
  readonly kept: number;
  /** Why the last one failed; empty where it did not. */
  readonly fault: string;
  readonly tooOld: boolean;
}

const TICK_MS = 15_000;
/** Without a schedule the store is looked at so often. */
const LOOK_MS = 600_000;
const GRACE_MS = 2 * 3_600_000;
const RETRY_MS = [60_000, 300_000, 900_000, 3_600_000];

/**
 * Makes backups when they are due, checks each by reading it back, and lets old ones go. What is due is told from the backups that
 * are there: one that was missed while the process was down is made once at its start, and of several processes one makes it.
 */
export class BackupKeeper {
  readonly #options: KeeperOptions;
  readonly #counters = { made: 0, failed: 0, verified: 0, deleted: 0 };
  #running: BackupProgress | undefined;
  #known: readonly ShelvedBackup[] = [];
  #looked = 0;
  #fault = "";
  #failures = 0;
  #retryAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #tick: Promise<void> | undefined;
  #closed = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Looks at once what is due, and from then on. */
  start(): void {
    if (this.#closed) return;
    this.#tick = this.#look().finally(() => {
      this.#tick = undefined;
      if (!this.#closed) this.#timer = setTimeout(() => this.start(), TICK_MS);
    });
  }

  /** Makes a backup now. @throws FplusError `backup.busy` where one is being made, and what places and store throw */
  async make(): Promise<MadeBackup> {
    return await this.#make(undefined);
  }

  /** The plant's backups, the newest first. */
  async list(): Promise<readonly ShelvedBackup[]> {
    this.#known = await this.#options.shelf.list();
    this.#looked = Date.now();
    return this.#known;
  }

  /** Reads a backup whole and compares every checksum; without a key the newest. */
  async verify(named = ""): Promise<VerifyReport & { readonly key: string }> {
    const key = await this.#options.shelf.keyOf(named);
    return await this.#run("verify", async () => {
      const report = await this.#verified(key);
      this.#counters.verified += 1;
      return { key, ...report };
    });
  }

  async delete(key: string): Promise<void> {
    await this.#options.shelf.delete(key);
    this.#counters.deleted += 1;
    await this.list();
  }

  get state(): KeeperState {
    const { next, warnAfterMs } = this.#options;
    const [last] = this.#known;
    const due = next === undefined ? undefined : last === undefined ? this.#looked : next(last.time);
    const limit =
      warnAfterMs === undefined
        ? due === undefined
          ? Number.POSITIVE_INFINITY
          : due + GRACE_MS
        : (last?.time ?? 0) + warnAfterMs;
    return {
      ...(this.#running === undefined ? {} : { running: this.#running }),
      ...(last === undefined ? {} : { last }),
      ...(due === undefined ? {} : { next: Math.max(due, this.#retryAt) }),
      kept: this.#known.length,
      fault: this.#fault,
      tooOld: this.#looked > 0 && Date.now() > limit,
    };
  }

  health(): PartHealth {
    const { last, fault, tooOld, kept } = this.state;
    const age = last === undefined ? undefined : Date.now() - last.time;
    const told = age === undefined ? "no backup yet" : `last backup ${ageText(age)} ago`;
    return {
      kind: "backup",
      name: this.#options.name,
      status: fault !== "" ? "down" : tooOld ? "degraded" : this.#looked === 0 ? "off" : "up",
      mode: "embedded",
      detail: fault !== "" ? `${told}; the last one failed: ${fault}` : tooOld ? `${told}, which is too long` : told,
      counters: { ...this.#counters },
      gauges: {
        kept,
        bytes: last?.size ?? 0,
        ...(age === undefined ? {} : { ageHours: Math.round(age / 36_000) / 100 }),
      },
    };
  }

  /** Waits for what is being made. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#tick;
  }

  async #look(): Promise<void> {
    const { next, onFailed } = this.#options;
    const now = Date.now();
    if (now < this.#retryAt || this.#running !== undefined) return;
    if (next === undefined && now < this.#looked + LOOK_MS) return;
    try {
      const [last] = await this.list();
      const due = next === undefined ? undefined : last === undefined ? now : next(last.time);
      if (due !== undefined && due <= now) {
        const made = await this.#make(due);
        this.#options.onMade?.(made);
      }
      this.#fault = "";
      this.#failures = 0;
      this.#retryAt = 0;
    } catch (error) {
      const failure = toFplusError("backup.target", error);
      if (failure === NOT_DUE || failure.code === "backup.busy") return;
      this.#fault = failure.message;
      this.#retryAt = Date.now() + RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]!;
      this.#failures += 1;
      onFailed?.(failure);
    }
  }

  /** @param due where it is made because it is due: not if another process has made it meanwhile */
  async #make(due: number | undefined): Promise<MadeBackup> {
    const { places, backup, shelf, retention } = this.#options;
    return await this.#run("back up", async () => {
      try {
        const onProgress = (progress: BackupProgress): void => void (this.#running = progress);
        const encrypted = backup.passphrase !== undefined;
        const { report, stored } = await backUp(places, { ...backup, onProgress }, async (content, head) => {
          // Asked again under the lock that only one holds.
          if (due !== undefined && (await shelf.list()).some(({ time }) => time >= due)) throw NOT_DUE;
          return await shelf.put(content, head, encrypted);
        });
        await this.#proved(stored.key, report.sha256);
        this.#counters.made += 1;
        this.#fault = "";
        const deleted = retention === undefined ? [] : await this.#prune(retention);
        await this.list();
        return { ...report, key: stored.key, deleted };
      } catch (error) {
        if (error !== NOT_DUE) this.#counters.failed += 1;
        throw error;
      }
    });
  }

  /** Reads a new backup back; one that is not what was written is none. */
  async #proved(key: string, sha256: string): Promise<void> {
    try {
      const { sha256: found } = await this.#verified(key);
      if (found !== sha256) throw new FplusError("backup.damaged", "the store gives back other bytes than were stored");
    } catch (error) {
      if (error instanceof FplusError && error.code.startsWith("backup.")) await this.#options.shelf.delete(key);
      throw error;
    }
  }

  async #verified(key: string): Promise<VerifyReport> {
    const { shelf, backup } = this.#options;
    return await verifyArchive(await shelf.open(key), backup.passphrase, (progress) => void (this.#running = progress));
  }

  async #prune(retention: Retention): Promise<string[]> {
    const deleted: string[] = [];
    for (const { key } of outlived(await this.#options.shelf.list(), retention)) {
      await this.#options.shelf.delete(key);
      deleted.push(key);
    }
    this.#counters.deleted += deleted.length;
    return deleted;
  }

  async #run<T>(doing: BackupProgress["doing"], work: () => Promise<T>): Promise<T> {
    if (this.#running !== undefined) {
      throw new FplusError("backup.busy", "a backup is being made or verified already", {
        hint: "Wait until it is done.",
      });
    }
    this.#running = { doing, entry: "", entries: 0, bytes: 0 };
    try {
      return await work();
    } finally {
      this.#running = undefined;
    }
  }
}

/** Another process was quicker. */
const NOT_DUE = new FplusError("backup.busy", "it was made meanwhile");

/** How long ago something was, as people say it: `90 min`, `3 h`, `2 days`. */
export function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}
