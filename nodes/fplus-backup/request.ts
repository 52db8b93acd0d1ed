import { FplusError } from "../../lib/errors/index.ts";
import { LEAST_KEY, type Retention, type Schedule } from "../../lib/operations/index.ts";
import { type Message, numberOf } from "../frame/index.ts";

/** What the node can do. */
const ACTIONS = ["make", "list", "verify", "delete"] as const;

/** One of the actions. */
export type BackupAction = (typeof ACTIONS)[number];

/** The properties of the dialog. */
export interface BackupConfig {
  readonly name: string;
  /** Id of an `fplus-object-store` that keeps the backups; blank = the plant's own. */
  readonly store: string;
  readonly bucket: string;
  /** `message` = `msg.action`. */
  readonly action: BackupAction | "message";
  /** Of the backup to verify or delete; blank = `msg.key`. */
  readonly key: string;
  readonly schedule: "none" | "day" | "hours" | "cron";
  readonly at: string;
  readonly hours: string | number;
  readonly cron: string;
  /** Whether the plant's database goes along. */
  readonly tables: boolean;
  readonly history: "none" | "days" | "all";
  readonly historyDays: string | number;
  /** Buckets of the plant whose objects go along, with commas between them. */
  readonly buckets: string;
  readonly daily: string | number;
  readonly weekly: string | number;
  readonly monthly: string | number;
  /** Hours after which the last backup is too old. */
  readonly warnHours: string | number;
}

/** The dialog, read and checked. */
export interface BackupSettings {
  readonly bucket: string;
  readonly schedule: Schedule | undefined;
  readonly retention: Retention;
  readonly warnAfterMs: number | undefined;
  readonly backup: {
    readonly passphrase: string | undefined;
    readonly historyDays?: number;
    readonly buckets: readonly string[];
  };
}

const HOUR_MS = 3_600_000;

/** @throws FplusError `config.invalid` naming the field */
export function backupConfig(config: BackupConfig, key: string | undefined): BackupSettings {
  const bucket = config.bucket.trim() || "backups";
  const buckets = config.buckets
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  for (const [field, names] of Object.entries({ bucket: [bucket], buckets })) {
    const wrong = names.find((name) => !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name));
    if (wrong === undefined) continue;
    throw new FplusError("config.invalid", `not a name of a bucket: ${wrong}`, {
      field,
      hint: "Use 3 to 63 small letters, digits, dots and hyphens.",
    });
  }
  if (buckets.includes(bucket)) {
    throw new FplusError("config.invalid", `backups would hold the backups of ${bucket}`, {
      field: "buckets",
      hint: "Leave that bucket out.",
    });
  }
  if (key !== undefined && key !== "" && key.length < LEAST_KEY) {
    throw new FplusError("config.invalid", `the key has less than ${LEAST_KEY} characters`, { field: "encryptionKey" });
  }
  return {
    bucket,
    schedule: scheduleOf(config),
    retention: {
      daily: numberOf(config, "daily", { usual: 7, least: 0, most: 10_000 }),
      weekly: numberOf(config, "weekly", { usual: 4, least: 0, most: 10_000 }),
      monthly: numberOf(config, "monthly", { usual: 12, least: 0, most: 10_000 }),
    },
    warnAfterMs: config.warnHours === "" ? undefined : numberOf(config, "warnHours", { usual: 26, least: 1 }) * HOUR_MS,
    backup: {
      passphrase: key || undefined,
      buckets,
      ...(config.history === "days" ? { historyDays: numberOf(config, "historyDays", { usual: 30, least: 1 }) } : {}),
    },
  };
}

function scheduleOf(config: BackupConfig): Schedule | undefined {
  switch (config.schedule) {
    case "day":
      return { every: "day", at: config.at || "02:00" };
    case "hours":
      return { every: "hours", hours: numberOf(config, "hours", { usual: 6, least: 1, most: 8784 }) };
    case "cron":
      return { every: "cron", cron: config.cron };
    default:
      return undefined;
  }
}

/** @throws FplusError `backup.target` */
export function actionOf(config: BackupConfig, msg: Message): BackupAction {
  const asked = config.action === "message" ? msg["action"] : config.action;
  const found = ACTIONS.find((action) => action === asked);
  if (found !== undefined) return found;
  throw new FplusError("backup.target", `there is no action ${JSON.stringify(asked) ?? "in the message"}`, {
    field: "action",
    hint: `Use one of ${ACTIONS.join(", ")}.`,
  });
}

/** Which backup; `latest` or blank is the newest, where one may be left unnamed. */
export function keyOf({ key }: BackupConfig, msg: Message, needed = false): string {
  const named = key === "" ? msg["key"] : key;
  if (typeof named === "string" && named !== "") return named;
  if (!needed) return "";
  throw new FplusError("backup.target", "no backup is named", {
    field: "key",
    hint: "Fill the field, or set msg.key to the key from a list.",
  });
}
