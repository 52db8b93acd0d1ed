/**
 * The object store: one large stream in and out again, and small objects; embedded, through its own S3 endpoint, and MinIO where it is installed.
 * Client and endpoint share the process here, so its memory is that of both.
 * `FPLUS_BENCH_MB` sets the size of the stream (1024 for the full figure).
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { randomBytes } from "node:crypto";
import type { BenchResult } from "../../../scripts/bench.ts";
import { bufferOf, ObjectServer, type ObjectStore, openObjects } from "../../../lib/objects/index.ts";
import { minioProgram, startMinio } from "../../support/minio.ts";
import { freePorts } from "../../support/ports.ts";

const PIECE = randomBytes(256 * 1024);
const SMALL = 300;

async function* stream(bytes: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < bytes; sent += PIECE.length) yield PIECE;
}

/** The largest growth of the process's memory while something runs. */
async function growth(run: () => Promise<void>): Promise<{ seconds: number; mb: number }> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  const start = performance.now();
  await run();
  clearInterval(timer);
  return { seconds: (performance.now() - start) / 1000, mb: Math.round((most - before) / 1e6) };
}

async function measured(label: string, store: ObjectStore, bytes: number): Promise<Record<string, string | number>> {
  // What is loaded once is no part of a stream's cost.
  await store.put("bench", "warm", stream(32 << 20));
  await bufferOf((await store.get({ bucket: "bench", key: "warm" })).stream);
  const written = await growth(async () => void (await store.put("bench", "large", stream(bytes))));
  const read = await growth(async () => {
    const { stream: content } = await store.get({ bucket: "bench", key: "large" });
    let size = 0;
    for await (const chunk of content) size += (chunk as Buffer).length;
    if (size !== bytes) throw new Error(`${size} bytes came back`);
  });
  const start = performance.now();
  for (let i = 0; i < SMALL; i++) await store.put("bench", `small/${i}`, `{"n":${i}}`);
  const small = (SMALL * 1000) / (performance.now() - start);
  const before = performance.now();
  await store.list("bench", { prefix: "small/" });
  return {
    store: label,
    "write MB/s": Math.round(bytes / 1e6 / written.seconds),
    "memory + MB": written.mb,
    "read MB/s": Math.round(bytes / 1e6 / read.seconds),
    "memory read + MB": read.mb,
    "small objects/s": Math.round(small),
    [`list of ${SMALL}, ms`]: Math.round(performance.now() - before),
  };
}

export async function run(options: { megabytes?: number } = {}): Promise<BenchResult> {
  const megabytes = options.megabytes ?? Number(process.env["FPLUS_BENCH_MB"] || 256);
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-bench-"));
  const rows: Record<string, string | number>[] = [];
  try {
    const embedded = openObjects({ engine: "embedded", directory: path.join(folder, "embedded") });
    rows.push(await measured("embedded", embedded, megabytes << 20));
    await embedded.close();
    const [port] = await freePorts(1);
    const behind = openObjects({ engine: "embedded", directory: path.join(folder, "served") });
    const key = {
      name: "bench",
      accessKey: "minioadmin",
      secretKey: "minioadmin",
      buckets: "*",
      rights: "write",
    } as const;
    const endpoint = new ObjectServer(behind, { port: port!, keys: [key] });
    await endpoint.open();
    const through = openObjects({ ...key, engine: "s3", url: `http://127.0.0.1:${port!}` });
    rows.push(await measured("embedded, over S3", through, megabytes << 20));
    await through.close();
    await endpoint.close();
    await behind.close();
    if (minioProgram !== undefined) {
      const server = await startMinio(path.join(folder, "minio"));
      try {
        const { url, accessKey, secretKey } = server;
        const s3 = openObjects({ engine: "s3", url, accessKey, secretKey });
        rows.push(await measured("MinIO", s3, megabytes << 20));
        await s3.close();
      } finally {
        await server.stop();
      }
    }
    return { title: `Objects: a stream of ${megabytes} MiB and ${SMALL} small objects`, rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
