import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { createHash } from "node:crypto";
import { Client } from "minio";

/** An S3 server under test. */
export interface S3Server {
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A request as a check makes it; without a key it is about the bucket, without a bucket about all of them. */
export interface S3Request {
  readonly bucket?: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What came of it. */
export interface S3Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  /** S3's name for an error; empty where there is none. */
  readonly code: string;
}

/** A program or library that speaks S3. */
export interface S3Client {
  readonly name: string;
  /** Signs headers of which the name of one begins that of another in S3's order; curl 7.88 does not. */
  readonly ordersHeaders: boolean;
  ask(method: string, request?: S3Request): Promise<S3Response>;
}

/** The minio client, whose own signing and sending this is. */
export function minioJs({ url, accessKey, secretKey }: S3Server): S3Client & { readonly client: Client } {
  const { hostname, port } = new URL(url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: "us-east-1",
    retryOptions: { disableRetry: true },
  });
  return {
    name: "minio-js",
    ordersHeaders: true,
    client,
    async ask(method, { bucket, key, query, headers = {}, body = "" } = {}) {
      const answer = await client.makeRequestAsync(
        {
          method,
          ...(bucket === undefined ? {} : { bucketName: bucket }),
          ...(key === undefined ? {} : { objectName: key }),
          ...(query === undefined ? {} : { query: queryText(query) }),
          headers: { ...headers },
        },
        Buffer.from(body),
        EVERY_STATUS,
        "us-east-1",
      );
      const chunks: Buffer[] = [];
      for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
      return responseOf(answer.statusCode ?? 0, answer.headers as Record<string, string>, Buffer.concat(chunks));
    },
  };
}

/** curl, which signs by itself. */
export function curl({ url, accessKey, secretKey }: S3Server, folder: string): S3Client {
  return {
    name: "curl",
    ordersHeaders: false,
    async ask(method, { bucket, key, query, headers = {}, body } = {}) {
      const [heads, sent] = [path.join(folder, randomUUID()), path.join(folder, randomUUID())];
      const place = [bucket ?? "", ...(key === undefined ? [] : key.split("/"))].map(encoded).join("/");
      const bytes = Buffer.from(body ?? "");
      const signed = { "x-amz-content-sha256": createHash("sha256").update(bytes).digest("hex"), ...headers };
      const args = [
        "-sS",
        "--path-as-is",
        "--aws-sigv4",
        "aws:amz:us-east-1:s3",
        "--user",
        `${accessKey}:${secretKey}`,
        "-D",
        heads,
      ];
      for (const [name, value] of Object.entries(signed)) args.push("-H", `${name}: ${value}`);
      if (method === "HEAD") args.push("--head");
      else args.push("-X", method);
      if (method === "PUT" || method === "POST") {
        writeFileSync(sent, bytes);
        args.push("-T", sent);
      }
      const { stdout } = await run(
        "curl",
        [...args, `${url}/${place}${query === undefined ? "" : `?${queryText(query)}`}`],
        {
          encoding: "buffer",
          maxBuffer: 1 << 28,
        },
      );
      const blocks = readFileSync(heads, "latin1").trim().split("\r\n\r\n");
      const [first = "", ...lines] = (blocks.at(-1) ?? "").split("\r\n");
      const named = lines.map((line) => [
        line.slice(0, line.indexOf(":")).toLowerCase(),
        line.slice(line.indexOf(":") + 1).trim(),
      ]);
      return responseOf(
        Number(first.split(" ")[1]),
        Object.fromEntries(named) as Record<string, string>,
        method === "HEAD" ? Buffer.alloc(0) : stdout,
      );
    },
  };
}

const run = promisify(execFile);
const EVERY_STATUS = Array.from({ length: 500 }, (_, i) => 100 + i);

function responseOf(status: number, headers: Readonly<Record<string, string>>, body: Buffer): S3Response {
  const text = body.toString("utf8");
  return { status, headers, body, text, code: status < 300 ? "" : (/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? "") };
}

/** Sorted and encoded as a signature wants it, for curl signs what it is given. */
function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join("&");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
