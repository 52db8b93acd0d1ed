import { isVariable, numberFrom, shownWith } from "../editor/checks.ts";

const LABELS: Readonly<Record<string, string>> = {
  make: "back up",
  list: "list backups",
  verify: "verify a backup",
  delete: "delete a backup",
  message: "backups",
};

/** Which rows of the dialog an action has; `message` shows them all. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  make: ["make"],
  list: [],
  verify: ["key"],
  delete: ["key"],
};

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

RED.nodes.registerType("fplus-backup", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-backup.svg",
  paletteLabel: "backup",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    action: { value: "make" },
    store: { value: "", type: "fplus-object-store", required: false },
    bucket: {
      value: "backups",
      validate(value, _options) {
        const good = value === "" || isVariable(value) || BUCKET.test(value);
        return good || "Use 3 to 63 small letters, digits, dots and hyphens, or leave it blank for backups.";
      },
    },
    key: { value: "" },
    schedule: { value: "day" },
    at: {
      value: "02:00",
      validate: shownWith("schedule", "day", (value, _options) => {
        const good = value === "" || isVariable(value) || /^([01]?\d|2[0-3]):[0-5]\d$/.test(value);
        return good || "Write a time like 02:00, or leave it blank.";
      }),
    },
    hours: { value: "6", validate: shownWith("schedule", "hours", numberFrom(1, 8784, " of hours")) },
    cron: {
      value: "0 2 * * 1-5",
      validate: shownWith("schedule", "cron", (value, _options) => {
        const good = isVariable(value) || value.trim().split(/\s+/).length === 5;
        return good || "Write minute, hour, day of month, month and day of week, like 0 2 * * 1-5.";
      }),
    },
    tables: { value: true },
    history: { value: "none" },
    historyDays: { value: "30", validate: shownWith("history", "days", numberFrom(1, undefined, " of days")) },
    buckets: {
      value: "",
      validate(value, _options) {
        if (value === "" || isVariable(value)) return true;
        const names = value.split(",").map((name) => name.trim());
        if (!names.every((name) => BUCKET.test(name)))
          return "Write names of buckets with commas between them, or leave it blank.";
        return !names.includes(String(this["bucket"] || "backups")) || "Leave the bucket of the backups out.";
      },
    },
    daily: { value: "7", validate: numberFrom(0, 10_000, " of days") },
    weekly: { value: "4", validate: numberFrom(0, 10_000, " of weeks") },
    monthly: { value: "12", validate: numberFrom(0, 10_000, " of months") },
    warnHours: { value: "", validate: numberFrom(1, undefined, " of hours") },
  },
  credentials: { encryptionKey: { type: "password" } },
  label() {
    return this.name || LABELS[String(this["action"])] || "backup";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "do it now",
  outputLabels: "report",
  oneditprepare() {
    const show = (): void => {
      const rows = ROWS[String($("#node-input-action").val())];
      const schedule = String($("#node-input-schedule").val());
      const history = String($("#node-input-history").val());
      $(".fplus-backup-row").each((_, row) => {
        const [part, choice] = String($(row).data("row")).split(" ");
        const chosen = choice === undefined || choice === schedule || choice === history;
        $(row).toggle((rows === undefined || rows.includes(part!)) && chosen);
      });
    };
    $("#node-input-action, #node-input-schedule, #node-input-history").on("change", show);
    show();
  },
});
