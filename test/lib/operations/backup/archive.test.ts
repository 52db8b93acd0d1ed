import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { array, assert as hold, asyncProperty, string, tuple, uint8Array } from "fast-check";
import { type NewEntry, readArchive, writeArchive } from "../../../../lib/operations/backup/archive/archive.ts";
import { type ArchiveHead, FORMAT } from "../../../../lib/operations/backup/archive/manifest.ts";
import { verifyArchive } from "../../../../lib/operations/index.ts";

const KEY = "correct horse battery";
/** No key: the archive is open. */
const OPEN = "";
const FRAME = 64 * 1024 + 16;
const HEADER = 60;
const HEAD: ArchiveHead = {
  format: FORMAT,
  id: "id",
  product: "p",
  version: "1",
  plant: "Plant",
  time: 1,
  parts: ["objects"],
};

type Content = readonly (readonly [name: string, content: Uint8Array])[];

async function* entriesOf(contents: Content): AsyncGenerator<NewEntry> {
  for (const [name, content] of contents) {
    const bytes = Buffer.from(content);
    // In pieces, as a stream brings them.
    const pieces = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
    yield { name, kind: "object", meta: { n: name.length }, content: pieces };
  }
}

async function archiveOf(contents: Content, passphrase = KEY, head = HEAD): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of writeArchive({
    head,
    entries: entriesOf(contents),
    left: ["this"],
    passphrase: passphrase || undefined,
    onManifest: () => undefined,
  }))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The archive in pieces of that many bytes. */
async function* inPieces(bytes: Buffer, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function contentsOf(bytes: Buffer, passphrase = KEY, size?: number): Promise<Content> {
  const found: [string, Uint8Array][] = [];
  for await (const { name, content } of readArchive(inPieces(bytes, size), { passphrase: passphrase || undefined })) {
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    found.push([name, new Uint8Array(Buffer.concat(chunks))]);
  }
  return found;
}

const verify = (bytes: Buffer, passphrase = KEY): Promise<unknown> =>
  verifyArchive(inPieces(bytes), passphrase || undefined);

/** Some frames of content that does not pack. */
const noise = (size: number): Uint8Array => new Uint8Array(randomBytes(size));

test("whatever goes in comes out, encrypted or not, in whatever pieces", async () => {
  await hold(
    asyncProperty(
      array(tuple(string({ unit: "binary" }), uint8Array({ maxLength: 3000 })), { maxLength: 8 }),
      async (contents) => {
        const open = await archiveOf(contents, OPEN);
        assert.deepEqual(await contentsOf(open, OPEN, 7), contents);
      },
    ),
    { numRuns: 60 },
  );
  for (const size of [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 1_000_000]) {
    const contents: Content = [
      ["a", noise(size)],
      ["", noise(3)],
    ];
    const bytes = await archiveOf(contents);
    assert.deepEqual(await contentsOf(bytes), contents);
    const report = await verifyArchive(inPieces(bytes), KEY);
    assert.deepEqual(
      [report.size, report.contentSize, report.entries, report.sha256, report.left],
      [bytes.length, size + 3, 2, createHash("sha256").update(bytes).digest("hex"), ["this"]],
    );
  }
  const secret = await archiveOf([["a", Buffer.from("a secret that repeats ".repeat(100))]]);
  assert.ok(!secret.includes("secret") && !secret.includes("Plant"));
});

test("a changed byte anywhere is found", async () => {
  const bytes = await archiveOf([["a", noise(200_000)]]);
  const places = [
    0,
    8,
    9,
    10,
    11,
    12,
    43,
    44,
    HEADER - 1,
    HEADER,
    HEADER + FRAME - 1,
    HEADER + FRAME,
    bytes.length - 1,
  ];
  for (const at of places) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 4;
    await assert.rejects(verify(changed), ({ code }: { code: string }) => {
      assert.ok(["backup.damaged", "backup.key", "backup.format"].includes(code), `${at}: ${code}`);
      return true;
    });
  }
});

test("an archive that was cut, reordered, repeated, lengthened or mixed with another is refused", async () => {
  const bytes = await archiveOf([["a", noise(300_000)]]);
  const frame = (n: number, of = bytes): Buffer => of.subarray(HEADER + n * FRAME, HEADER + (n + 1) * FRAME);
  const head = bytes.subarray(0, HEADER);
  const other = await archiveOf([["a", noise(300_000)]]);
  const wrong: Readonly<Record<string, Buffer>> = {
    "cut within a frame": bytes.subarray(0, bytes.length - 5),
    "cut between frames": bytes.subarray(0, HEADER + 2 * FRAME),
    "only its first frame": bytes.subarray(0, HEADER + FRAME),
    "only its header": head,
    "half its header": bytes.subarray(0, 30),
    nothing: Buffer.alloc(0),
    reordered: Buffer.concat([head, frame(1), frame(0), bytes.subarray(HEADER + 2 * FRAME)]),
    repeated: Buffer.concat([head, frame(0), bytes.subarray(HEADER)]),
    "with a frame missing": Buffer.concat([head, bytes.subarray(HEADER + FRAME)]),
    lengthened: Buffer.concat([bytes, Buffer.from("more")]),
    "twice itself": Buffer.concat([bytes, bytes]),
    "with a frame of another": Buffer.concat([head, frame(0, other), bytes.subarray(HEADER + FRAME)]),
    "with another's header": Buffer.concat([other.subarray(0, HEADER), bytes.subarray(HEADER)]),
    "another file": Buffer.from(
      "PK\u0003\u0004 this is something else entirely, long enough to hold a header and more",
    ),
  };
  for (const [what, changed] of Object.entries(wrong)) {
    await assert.rejects(verify(changed), ({ code }: { code: string }) => {
      assert.match(code, /^backup\.(damaged|format)$/, what);
      return true;
    });
  }
});

test("the wrong key, none, and one that is not needed are told apart", async () => {
  const [secret, open] = [await archiveOf([["a", noise(10)]]), await archiveOf([["a", noise(10)]], OPEN)];
  await assert.rejects(verify(secret, "another long key"), { code: "backup.key", field: "key" });
  await assert.rejects(verifyArchive(inPieces(secret), undefined), { code: "backup.key", message: /is encrypted$/ });
  await assert.rejects(verify(open), { code: "backup.key", message: /is not encrypted/ });
  await assert.rejects(archiveOf([], "short"), { code: "config.invalid", field: "key" });
});

test("an archive of a newer version, or with forged lengths and names, is refused", async () => {
  const newer = await archiveOf([], KEY, { ...HEAD, format: FORMAT + 1 });
  await assert.rejects(verify(newer), { code: "backup.format", hint: /newer version/ });
  const version = Buffer.from(await archiveOf([]));
  version[8] = 9;
  await assert.rejects(verify(version), { code: "backup.format" });
  const costly = Buffer.from(await archiveOf([]));
  costly[11] = 40;
  await assert.rejects(verify(costly), { code: "backup.format" });
});

test("a reader that fails, and a source that fails, end everything", async () => {
  const bytes = await archiveOf([["a", noise(300_000)]]);
  async function* broken(): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, 100_000);
    throw new Error("the line is cut");
  }
  await assert.rejects(verifyArchive(broken(), KEY), /the line is cut/);
  async function* failing(): AsyncGenerator<NewEntry> {
    yield { name: "a", kind: "object", meta: {}, content: [noise(1000)].map((one) => Buffer.from(one)) };
    throw new Error("the table is gone");
  }
  const writing = writeArchive({
    head: HEAD,
    entries: failing(),
    left: [],
    passphrase: KEY,
    onManifest: () => undefined,
  });
  await assert.rejects(async () => {
    for await (const _ of writing);
  }, /the table is gone/);
  for await (const { content } of readArchive(inPieces(bytes), { passphrase: KEY })) {
    await content.next();
    break;
  }
});
