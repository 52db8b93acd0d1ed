import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openSpool, type Spool } from "../../../lib/spool/index.ts";
import { startChild } from "../../support/child.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { seededRandom } from "../../support/random.ts";

const LARGE = { maxBytes: 64 * 1024 * 1024, policy: "drop-oldest" } as const;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const texts = (spool: Spool, from = 0): string[] =>
  spool.read(from, 1e9).map((record) => Buffer.from(record.data).toString());
const segmentsIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".seg"))
    .sort()
    .map((name) => path.join(directory, name));

test("agrees with an array over random operations and reopenings", async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const directory = path.join(temporaryFolder(t), "spool");
    const options = { directory, ...LARGE, segmentBytes: 4096 };
    const model: string[] = [];
    let released = 0;
    let spool = openSpool(options);
    for (let step = 0; step < 300; step++) {
      const dice = random();
      if (dice < 0.6) {
        const value = `${step}:${"x".repeat(Math.floor(random() * 400))}`;
        assert.equal(spool.append(text(value)), model.length);
        model.push(value);
      } else if (dice < 0.8) {
        released = Math.max(released, Math.floor(random() * (model.length + 1)));
        spool.release(released);
      } else if (dice < 0.95) {
        const from = Math.floor(random() * (model.length + 1));
        const count = 1 + Math.floor(random() * 20);
        const expected = model.slice(Math.max(from, released), Math.max(from, released) + count);
        assert.deepEqual(
          spool.read(from, count).map((record) => Buffer.from(record.data).toString()),
          expected,
        );
      } else {
        await spool.close();
        spool = openSpool(options);
        assert.equal(spool.first, released);
      }
      assert.equal(spool.next, model.length);
      assert.equal(spool.stats().depth, model.length - released);
    }
    await spool.close();
  }
});

test("a file torn at any byte keeps every whole record and takes new ones", async (t) => {
  const directory = temporaryFolder(t);
  const spool = openSpool({ directory, ...LARGE });
  const values = ["first", "second", "", "fourth and last"];
  for (const value of values) spool.append(text(value));
  await spool.close();
  const file = path.join(
    directory,
    readdirSync(directory).find((name) => name.endsWith(".seg"))!,
  );
  const whole = readFileSync(file);
  const ends = values.map((_, i) => values.slice(0, i + 1).reduce((sum, value) => sum + 16 + value.length, 0));
  for (let cut = 0; cut <= whole.length; cut++) {
    const torn = path.join(temporaryFolder(t), "torn");
    mkdirSync(torn);
    writeFileSync(path.join(torn, path.basename(file)), whole.subarray(0, cut));
    const again = openSpool({ directory: torn, ...LARGE });
    const kept = ends.filter((end) => end <= cut).length;
    assert.deepEqual(texts(again), values.slice(0, kept));
    assert.equal(again.stats().corrupt, ends.includes(cut) || cut === 0 ? 0 : 1);
    assert.equal(again.append(text("new")), kept);
    assert.deepEqual(texts(again).at(-1), "new");
    await again.close();
  }
});

test("a flipped bit never yields a wrong record", async (t) => {
  const directory = temporaryFolder(t);
  const spool = openSpool({ directory, ...LARGE });
  for (let i = 0; i < 5; i++) spool.append(text(`value ${i}`));
  await spool.close();
  const name = readdirSync(directory).find((entry) => entry.endsWith(".seg"))!;
  const whole = readFileSync(path.join(directory, name));
  for (let bit = 0; bit < whole.length * 8; bit += 3) {
    const folder = temporaryFolder(t);
    const damaged = Buffer.from(whole);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(path.join(folder, name), damaged);
    const again = openSpool({ directory: folder, ...LARGE });
    assert.deepEqual(
      texts(again),
      [0, 1, 2, 3, 4].filter((i) => i !== Math.floor(((bit >> 3) * 5) / whole.length)).map((i) => `value ${i}`),
    );
    await again.close();
  }
});

test("damage in a full segment loses the records it hit and no other, and is counted", async (t) => {
  const directory = temporaryFolder(t);
  const options = { directory, ...LARGE, segmentBytes: 4096 };
  const spool = openSpool(options);
  for (let i = 0; i < 30; i++) spool.append(text(`${i} ${"y".repeat(500)}`));
  await spool.close();
  const [first] = segmentsIn(directory);
  const bytes = readFileSync(first!);
  const size = 16 + Buffer.byteLength(`0 ${"y".repeat(500)}`);
  bytes[40]! ^= 0xff;
  // The length of another one, so that what is behind it has to be looked for.
  bytes[size * 3]! ^= 0xff;
  writeFileSync(first!, bytes);
  const again = openSpool(options);
  const read = again.read(0, 1e9);
  assert.deepEqual(
    read.map(({ position, data }) => [position, Number(Buffer.from(data).toString().split(" ")[0])]),
    Array.from({ length: 30 }, (_, i) => [i, i]).filter(([i]) => i !== 0 && i !== 3),
  );
  assert.equal(again.stats().corrupt, 2);
  await again.close();
});

test("when full, drop-oldest keeps the newest and counts what it lost", async (t) => {
  const spool = openSpool({ directory: temporaryFolder(t), maxBytes: 64 * 1024, policy: "drop-oldest" });
  for (let i = 0; i < 1000; i++) spool.append(text(`${i} ${"z".repeat(200)}`));
  const kept = texts(spool).map((value) => Number(value.split(" ")[0]));
  assert.equal(kept.at(-1), 999);
  assert.equal(kept.length + spool.stats().dropped, 1000);
  assert.ok(spool.stats().bytes <= 64 * 1024);
  await spool.close();
});

test("when full, refuse keeps the oldest and takes again after a release", async (t) => {
  const spool = openSpool({ directory: temporaryFolder(t), maxBytes: 64 * 1024, policy: "refuse" });
  let accepted = 0;
  assert.throws(
    () => {
      for (;;) {
        spool.append(text(`${accepted} ${"z".repeat(200)}`));
        accepted += 1;
      }
    },
    { code: "spool.full" },
  );
  assert.equal(texts(spool).length, accepted);
  assert.equal(spool.stats().refused, 1);
  spool.release(accepted);
  spool.append(text("again"));
  assert.deepEqual(texts(spool), ["again"]);
  await spool.close();
});

test("kill -9 loses nothing that append returned for", async (t) => {
  const directory = temporaryFolder(t);
  const code = `
    import { openSpool } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../../lib/spool/index.ts"))};
    import { writeSync } from "node:fs";
    const spool = openSpool({ directory: process.argv[1], maxBytes: 1e8, policy: "refuse", segmentBytes: 65536 });
    for (;;) writeSync(1, spool.append(Buffer.from("record " + spool.next)) + "\\n");`;
  for (let round = 0; round < 3; round++) {
    const child = startChild(process.execPath, ["--input-type=module", "-e", code, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    while (said.length < 20_000 * (round + 1)) await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    const last = Number(said.trimEnd().split("\n").slice(0, -1).at(-1));
    const spool = openSpool({ directory, maxBytes: 1e8, policy: "refuse" });
    assert.ok(spool.next > last);
    texts(spool).forEach((value, i) => assert.equal(value, `record ${i}`));
    await spool.close();
  }
});

test("a full disk is an error and a count, and the spool works again when space returns", async (t) => {
  const mount = temporaryFolder(t);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", mount]);
  if (mounted.status !== 0) return t.skip("a small disk cannot be mounted here (needs root)");
  try {
    const spool = openSpool({ directory: path.join(mount, "spool"), ...LARGE });
    const ballast = path.join(mount, "ballast");
    writeFileSync(ballast, new Uint8Array(128 * 1024));
    let accepted = 0;
    const fill = (): void => {
      for (;;) {
        spool.append(text(`${accepted} ${"f".repeat(1000)}`));
        accepted += 1;
      }
    };
    assert.throws(fill, { code: "spool.io" });
    assert.throws(fill, { code: "spool.io" });
    assert.equal(spool.stats().refused, 2);
    rmSync(ballast);
    spool.append(text("after"));
    const held = texts(spool);
    assert.deepEqual([held.length, held.at(-1)], [accepted + 1, "after"]);
    await spool.close();
  } finally {
    spawnSync("umount", [mount]);
  }
  return undefined;
});

test("a damaged record in the newest segment does not take those behind it", async (t) => {
  const directory = temporaryFolder(t);
  const spool = openSpool({ directory, ...LARGE });
  for (let i = 0; i < 5; i++) spool.append(text(`value ${i}`));
  await spool.close();
  const [file] = segmentsIn(directory);
  const whole = readFileSync(file!);
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x55;
    const folder = path.join(temporaryFolder(t), "spool");
    mkdirSync(folder);
    writeFileSync(path.join(folder, path.basename(file!)), damaged);
    const again = openSpool({ directory: folder, ...LARGE });
    const hit = Math.floor((at * 5) / whole.length);
    assert.deepEqual(
      texts(again),
      [0, 1, 2, 3, 4].filter((i) => i !== hit).map((i) => `value ${i}`),
      `byte ${at}`,
    );
    assert.equal(again.stats().corrupt, 1);
    const position = again.append(text("new"));
    assert.equal(Buffer.from(again.read(position, 1)[0]!.data).toString(), "new");
    await again.close();
  }
});

test("a file that is cut, or damaged, while it is open gives no wrong record", async (t) => {
  const directory = temporaryFolder(t);
  const spool = openSpool({ directory, ...LARGE });
  for (let i = 0; i < 5; i++) spool.append(text(`value ${i}`));
  const [file] = segmentsIn(directory);
  const bytes = readFileSync(file!);
  bytes[20]! ^= 1;
  writeFileSync(file!, bytes.subarray(0, bytes.length - 3));
  assert.deepEqual(texts(spool), ["value 1", "value 2", "value 3"]);
  assert.equal(spool.stats().corrupt, 2);
  await spool.close();
});

test("a folder that is deleted or moved away while it is open comes back with what the open file holds", async (t) => {
  const directory = path.join(temporaryFolder(t), "spool");
  const spool = openSpool({ directory, ...LARGE });
  for (let i = 0; i < 3; i++) spool.append(text(`value ${i}`));
  rmSync(directory, { recursive: true });
  await spool.flush();
  spool.append(text("value 3"));
  renameSync(directory, `${directory}.away`);
  await spool.flush();
  assert.throws(() => openSpool({ directory, ...LARGE }), /in use by another process/);
  spool.append(text("value 4"));
  await spool.close();
  const again = openSpool({ directory, ...LARGE });
  assert.deepEqual(texts(again), ["value 0", "value 1", "value 2", "value 3", "value 4"]);
  await again.close();
});

test("a full segment that somebody deleted is counted as lost, and the rest is delivered", async (t) => {
  const directory = temporaryFolder(t);
  const options = { directory, ...LARGE, segmentBytes: 4096 };
  const spool = openSpool(options);
  for (let i = 0; i < 30; i++) spool.append(text(`${i} ${"y".repeat(500)}`));
  await spool.close();
  const [first, second] = segmentsIn(directory);
  const lost = Number(path.basename(second!).slice(0, 16));
  const again = openSpool(options);
  rmSync(first!);
  assert.equal(again.read(0, 1)[0]!.position, lost);
  assert.equal(again.stats().corrupt, lost);
  await again.close();
});

test("a second process on the folder is told so, and the first goes on", async (t) => {
  const directory = temporaryFolder(t);
  const spool = openSpool({ directory, ...LARGE });
  const code = `
    import { openSpool } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../../lib/spool/index.ts"))};
    try { openSpool({ directory: process.argv[1], maxBytes: 1e8, policy: "refuse" }); }
    catch (error) { console.log(error.describe()); }`;
  const other = spawnSync(process.execPath, ["--input-type=module", "-e", code, directory], { encoding: "utf8" });
  assert.match(
    other.stdout,
    /^spool\.io: .*fplus-test-.* is in use by another process \[directory\] .*give each its own/,
  );
  spool.append(text("mine"));
  await spool.close();
  const again = openSpool({ directory, ...LARGE });
  assert.deepEqual(texts(again), ["mine"]);
  await again.close();
});

test("records that a power cut took do not take the place of delivered ones", async (t) => {
  const directory = temporaryFolder(t);
  const spool = openSpool({ directory, ...LARGE });
  for (let i = 0; i < 10; i++) spool.append(text(`value ${i}`));
  spool.release(10);
  await spool.close();
  rmSync(segmentsIn(directory)[0]!);
  let again = openSpool({ directory, ...LARGE });
  for (let i = 0; i < 5; i++) again.append(text(`later ${i}`));
  await again.flush();
  // A crash before the cursor is written anew.
  const copy = path.join(temporaryFolder(t), "spool");
  cpSync(directory, copy, { recursive: true });
  await again.close();
  again = openSpool({ directory: copy, ...LARGE });
  assert.deepEqual(texts(again), ["later 0", "later 1", "later 2", "later 3", "later 4"]);
  await again.close();
});

test("a cursor that is damaged delivers again and loses nothing", async (t) => {
  for (const cursor of ["", "9", "9 1", "\0\0\0", "-1", "1e3", "99999999999999999999"]) {
    const directory = temporaryFolder(t);
    const spool = openSpool({ directory, ...LARGE });
    for (let i = 0; i < 5; i++) spool.append(text(`value ${i}`));
    await spool.close();
    writeFileSync(path.join(directory, "cursor"), cursor);
    const again = openSpool({ directory, ...LARGE });
    assert.equal(texts(again).length, 5, JSON.stringify(cursor));
    await again.close();
  }
});

test("a flush that failed says so, and the next one works", async (t) => {
  const directory = temporaryFolder(t);
  const spool = openSpool({ directory, ...LARGE });
  spool.append(text("one"));
  const [file] = segmentsIn(directory);
  // A folder of that name cannot be opened as a file.
  rmSync(file!);
  mkdirSync(file!);
  await assert.rejects(spool.flush(), { code: "spool.io" });
  rmSync(file!, { recursive: true });
  await spool.flush();
  assert.deepEqual(readFileSync(file!).subarray(16).toString(), "one");
  await spool.close();
});
