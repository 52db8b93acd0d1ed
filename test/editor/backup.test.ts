import assert from "node:assert/strict";
import { describe } from "node:test";
import {
  closeDialog,
  deploy,
  deployExample,
  type Editor,
  editorOverPlant,
  openDialog,
  press,
  statusShows,
} from "../support/editor.ts";

declare const RED: Editor;

describe("backups in the editor", () => {
  const editor = editorOverPlant({ height: 1000 });

  editor.test(
    "the example backs up at once and at a click, lists and verifies; its dialog is filled by hand",
    async (page) => {
      await deployExample(page, "backup", "fplus-backup-tab");
      // A plant without any backup gets its first one by itself.
      await statusShows(page, /· 1 kept$/, "fplus-backup-node");
      await press(page, "fplus-backup-now-list");
      await statusShows(page, /^\[\s*\{\s*key: '/, "fplus-backup-debug");
      await openDialog(page, "fplus-backup-node");
      await editor.screenshot("backup-dialog");
      await page.fill("#node-input-encryptionKey", "a key of the plant");
      await page.selectOption("#node-input-schedule", "cron");
      await page.fill("#node-input-cron", "0 22 * * 1-5");
      await page.locator("#node-input-at").waitFor({ state: "hidden" });
      await page.selectOption("#node-input-history", "days");
      await page.fill("#node-input-historyDays", "2");
      await page.fill("#node-input-buckets", "factory-plus");
      await page.fill("#node-input-daily", "14");
      await editor.screenshot("backup-dialog-filled");
      await page.selectOption("#node-input-action", "verify");
      await page.locator("#node-input-key").waitFor();
      await page.locator("#node-input-schedule").waitFor({ state: "hidden" });
      await page.selectOption("#node-input-action", "message");
      await closeDialog(page, "ok");
      const kept = await page.evaluate(() => {
        const { schedule, cron, history, historyDays, buckets, daily } = RED.nodes.node("fplus-backup-node")!;
        return { schedule, cron, history, historyDays, buckets, daily };
      });
      assert.deepEqual(kept, {
        schedule: "cron",
        cron: "0 22 * * 1-5",
        history: "days",
        historyDays: "2",
        buckets: "factory-plus",
        daily: "14",
      });
      await deploy(page);
      await press(page, "fplus-backup-now-make");
      // Of one day the newest stays.
      await statusShows(page, /^\{\s*id: '/, "fplus-backup-debug");
      await statusShows(page, /^just now · .* · 1 kept$/, "fplus-backup-node");
      await press(page, "fplus-backup-now-verify");
      await statusShows(page, /^\{\s*key: '/, "fplus-backup-debug");
      await editor.screenshot("backup-example");
    },
  );
});
