import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { unchunked } from "../../../../lib/objects/server/aws-chunked.ts";
import { holdersOf } from "../../../../lib/objects/server/access.ts";
import { checksumOf } from "../../../../lib/objects/server/checksums.ts";
import { verified } from "../../../../lib/objects/server/signature.ts";
import { targetOf } from "../../../../lib/objects/server/target.ts";

/** The keys and the moment of the examples in Amazon's description of Signature Version 4 for S3. */
const HOLDERS = holdersOf([
  {
    name: "example",
    accessKey: "AKIAIOSFODNN7EXAMPLE",
    secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    buckets: "*",
    rights: "write",
  },
]);
const NOW = Date.parse("2013-05-24T00:00:00Z");
const DATE = "20130524T000000Z";
const SCOPE = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
const EMPTY = createHash("sha256").digest("hex");

const authorization = (headers: string, signature: string): string =>
  `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=${headers},Signature=${signature}`;

test("the examples of Amazon's description are signed as it says", () => {
  const host = "examplebucket.s3.amazonaws.com";
  const get = {
    host,
    range: "bytes=0-9",
    "x-amz-content-sha256": EMPTY,
    "x-amz-date": DATE,
    authorization: authorization(
      "host;range;x-amz-content-sha256;x-amz-date",
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
  };
  assert.equal(verified("GET", targetOf("/test.txt"), get, HOLDERS, NOW).holder.name, "example");
  const lifecycle = {
    host,
    "x-amz-content-sha256": EMPTY,
    "x-amz-date": DATE,
    authorization: authorization(
      "host;x-amz-content-sha256;x-amz-date",
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
  };
  verified("GET", targetOf("/?lifecycle"), lifecycle, HOLDERS, NOW);
  const list = {
    ...lifecycle,
    authorization: authorization(
      "host;x-amz-content-sha256;x-amz-date",
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
  };
  verified("GET", targetOf("/?max-keys=2&prefix=J"), list, HOLDERS, NOW);
  verified("GET", targetOf("/?prefix=J&max-keys=2"), list, HOLDERS, NOW);
  const link = `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(SCOPE)}&X-Amz-Date=${DATE}&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`;
  assert.equal(verified("GET", targetOf(link), { host }, HOLDERS, NOW).payload, "UNSIGNED-PAYLOAD");

  const refused = (status: string, run: () => unknown): void => {
    assert.throws(run, { status });
  };
  refused("SignatureDoesNotMatch", () => verified("PUT", targetOf("/test.txt"), get, HOLDERS, NOW));
  refused("SignatureDoesNotMatch", () => verified("GET", targetOf("/test.txT"), get, HOLDERS, NOW));
  refused("SignatureDoesNotMatch", () =>
    verified("GET", targetOf("/test.txt"), { ...get, range: "bytes=0-8" }, HOLDERS, NOW),
  );
  refused("SignatureDoesNotMatch", () =>
    verified("GET", targetOf(link.replace("86400", "86399")), { host }, HOLDERS, NOW),
  );
  refused("RequestTimeTooSkewed", () => verified("GET", targetOf("/test.txt"), get, HOLDERS, NOW + 16 * 60_000));
  refused("RequestTimeTooSkewed", () => verified("GET", targetOf("/test.txt"), get, HOLDERS, NOW - 16 * 60_000));
  verified("GET", targetOf("/test.txt"), get, HOLDERS, NOW + 14 * 60_000);
  verified("GET", targetOf(link), { host }, HOLDERS, NOW + 86_399_000);
  refused("AccessDenied", () => verified("GET", targetOf(link), { host }, HOLDERS, NOW + 86_401_000));
  refused("AccessDenied", () => verified("GET", targetOf("/test.txt"), { host }, HOLDERS, NOW));
  refused("AccessDenied", () =>
    verified("GET", targetOf("/test.txt"), { ...get, "x-amz-acl": "public-read" }, HOLDERS, NOW),
  );
  refused("InvalidAccessKeyId", () => verified("GET", targetOf("/test.txt"), get, new Map(), NOW));
  for (const broken of [
    "",
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=a/b,SignedHeaders=host,Signature=x",
    "Bearer x",
    "AWS AKIA:sig",
  ])
    assert.throws(() => verified("GET", targetOf("/test.txt"), { ...get, authorization: broken }, HOLDERS, NOW), {
      code: "objects.request",
    });
});

test("a body in signed chunks is that of Amazon's example; a changed one is refused", async () => {
  const headers = {
    host: "s3.amazonaws.com",
    "x-amz-date": DATE,
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
    "content-length": "66824",
    authorization: authorization(
      "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    ),
  };
  const [first, second, last] = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
  ];
  const body = (text: string): string =>
    `10000;chunk-signature=${first}\r\n${text}\r\n400;chunk-signature=${second}\r\n${"a".repeat(1024)}\r\n0;chunk-signature=${last}\r\n\r\n`;
  const read = async (text: string, piece: number): Promise<string> => {
    const { chunks } = verified("PUT", targetOf("/examplebucket/chunkObject.txt"), headers, HOLDERS, NOW);
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = 0; at < text.length; at += piece) yield Buffer.from(text.slice(at, at + piece));
    }
    let content = "";
    for await (const chunk of unchunked(pieces(), chunks, () => undefined)) content += chunk.toString();
    return content;
  };
  const whole = body("a".repeat(65_536));
  for (const piece of [1000, 65_537, 7, whole.length]) assert.equal(await read(whole, piece), "a".repeat(66_560));
  await assert.rejects(read(body(`b${"a".repeat(65_535)}`), 4096), { status: "SignatureDoesNotMatch" });
  await assert.rejects(read(whole.slice(0, 70_000 - 5000), 4096), { status: "IncompleteBody" });
  await assert.rejects(read(whole.replace(`0;chunk-signature=${last}`, "0"), 4096), { status: "InvalidRequest" });
  await assert.rejects(read("zz\r\n", 4096), { status: "InvalidRequest" });
  await assert.rejects(read("1".repeat(100_000), 4096), { status: "InvalidRequest" });
});

test("lines behind a body are signed where the body is, and told", async () => {
  const key = Buffer.from("any");
  const { ChunkSigner } = await import("../../../../lib/objects/server/signature.ts");
  const seed = { date: DATE, scope: "20130524/us-east-1/s3/aws4_request", signature: "00" };
  const hmac = (text: string): string => createHmac("sha256", key).update(text).digest("hex");
  const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
  const of = (kind: string, before: string, rest: string): string =>
    hmac(`AWS4-HMAC-SHA256-${kind}\n${DATE}\n${seed.scope}\n${before}\n${rest}`);
  const one = of("PAYLOAD", "00", `${EMPTY}\n${sha("hello")}`);
  const end = of("PAYLOAD", one, `${EMPTY}\n${EMPTY}`);
  const line = "x-amz-checksum-crc32c:abc=";
  const trailer = of("TRAILER", end, sha(`${line}\n`));
  const body = (text: string): string =>
    `5;chunk-signature=${one}\r\nhello\r\n0;chunk-signature=${end}\r\n${text}\r\n\r\n`;
  const read = async (text: string): Promise<unknown[]> => {
    const heard: unknown[] = [];
    async function* pieces(): AsyncGenerator<Buffer> {
      yield Buffer.from(text);
    }
    for await (const chunk of unchunked(pieces(), new ChunkSigner(key, seed), (...line) => heard.push(line)))
      heard.push(chunk.toString());
    return heard;
  };
  assert.deepEqual(await read(body(`${line}\r\nx-amz-trailer-signature:${trailer}`)), [
    "hello",
    ["x-amz-checksum-crc32c", "abc="],
  ]);
  await assert.rejects(read(body(`${line}X\r\nx-amz-trailer-signature:${trailer}`)), {
    status: "SignatureDoesNotMatch",
  });
  await assert.rejects(read(body(line)), { status: "InvalidRequest" });
});

test("checksums are those of their definitions, in any pieces", () => {
  const known = { crc32: "cbf43926", crc32c: "e3069283", crc64nvme: "ae8b14860a799888" };
  for (const [name, hex] of Object.entries(known)) {
    for (const cut of [0, 1, 4, 8, 9]) {
      const sum = checksumOf(name as keyof typeof known);
      sum.update(Buffer.from("123456789".slice(0, cut)));
      sum.update(Buffer.from("123456789".slice(cut)));
      assert.equal(Buffer.from(sum.digest(), "base64").toString("hex"), hex, `${name} cut at ${cut}`);
    }
  }
});
