import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import type { HistorianWriter, WriteReceipt } from "../../lib/historian/index.ts";
import { type HistorianService, leaseWriter } from "../fplus-historian/service.ts";
import { amount, batchOf, defineNode, type NodeContext } from "../frame/index.ts";
import { pointsOf, receiptOf, refuseEmptyTexts } from "./points.ts";

interface WriteConfig {
  readonly name: string;
  readonly historian: string;
  /** Left out by nodes of former releases, which stored them. */
  readonly emptyTexts: "refuse" | "store" | undefined;
}

const STATUS_MS = 1000;
const NOTHING: WriteReceipt = { written: 0, rejected: [] };

/** Stores the samples of every message. */
export default function (RED: NodeAPI): void {
  defineNode<WriteConfig>(RED, "fplus-historian-write", (node) => {
    const { historian, emptyTexts } = node.config;
    const service = historian ? node.service<HistorianService>(historian, "historian") : undefined;
    const lease = leaseWriter(node.plant, historian, service);
    let stopStatus: (() => void) | undefined;
    let closed = false;
    const opened = async (): Promise<HistorianWriter> => {
      const writer = await lease.value.writer(lease.ready);
      if (!closed) stopStatus ??= showStatus(node, writer);
      return writer;
    };
    opened().catch((error: unknown) => node.report(error));
    return {
      async input(msg, send) {
        const given = pointsOf(msg) ?? { batch: batchOf(msg), rejected: [] };
        const samples = emptyTexts === "refuse" ? refuseEmptyTexts(given) : given;
        const { batch, rejected: refused } = samples;
        if (batch.length + refused.length === 0) return;
        const ready = await opened();
        ready.noteRejected(refused);
        if (batch.length === 0) batch.receipt?.confirm();
        const stored = batch.length === 0 ? NOTHING : await write(node, ready, batch);
        if (stored === undefined) return;
        const receipt = receiptOf(stored, samples);
        for (const { path, reason } of receipt.rejected) {
          node.report(new FplusError("historian.rejected", reason, { field: path }));
        }
        const rejected = receipt.rejected.length === 0 ? null : { ...msg, payload: receipt.rejected };
        send([{ ...msg, payload: receipt }, rejected]);
      },
      async close() {
        closed = true;
        stopStatus?.();
        await lease.release();
      },
    };
  });
}

/** A store that is away for long would fail message after message: said once and counted, not thrown each time. */
async function write(
  node: NodeContext<WriteConfig>,
  writer: HistorianWriter,
  batch: ReturnType<typeof batchOf>,
): Promise<WriteReceipt | undefined> {
  try {
    return await writer.write(batch);
  } catch (error) {
    if (!(error instanceof FplusError)) throw error;
    node.report(error);
    return undefined;
  }
}

/** Once a second: how many samples a second, and how many the store holds or the disk keeps for it; a store that is away is said once. */
function showStatus(node: NodeContext<WriteConfig>, writer: HistorianWriter): () => void {
  let last = writer.stats().written;
  let lastAt = performance.now();
  let lastDropped = 0;
  let lastFault = "";
  const timer = setInterval(() => {
    const { written, spooled, spoolDepth, queued, dropped, fault } = writer.stats();
    const now = performance.now();
    const rate = ((written - last) * 1000) / (now - lastAt);
    last = written;
    lastAt = now;
    const losing = dropped > lastDropped;
    lastDropped = dropped;
    if (fault !== "" && lastFault === "") node.report(fault);
    if (fault === "" && lastFault !== "") node.log("the historian takes samples again");
    lastFault = fault;
    if (losing) node.status("down", `down: ${amount(dropped)} lost`);
    else if (fault !== "" && spoolDepth > 0) node.status("warning", `down: spooling ${amount(spooled)}`);
    else if (fault !== "") node.status("warning", `down: ${amount(queued)} waiting`);
    else if (spoolDepth > 0) node.status("busy", `catching up: ${amount(spooled)}`);
    else {
      const held = writer.health().gauges["held"];
      const kept = held === undefined ? `${amount(written)} written` : `${amount(held)} held`;
      node.status(rate > 0 ? "up" : "idle", `${amount(rate)}/s · ${kept}`);
    }
  }, STATUS_MS);
  timer.unref();
  return () => clearInterval(timer);
}
