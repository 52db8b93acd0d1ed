import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import tls from "node:tls";
import { gunzipSync } from "node:zlib";
import { FplusError } from "../../lib/errors/index.ts";
import { HistorianWriter, openHistorian } from "../../lib/historian/index.ts";
import { openObjects } from "../../lib/objects/index.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../lib/sample/index.ts";
import { openSearch } from "../../lib/search/index.ts";
import { openSpool } from "../../lib/spool/index.ts";
import { makeCertificate } from "../support/certificates.ts";
import { temporaryFolder } from "../support/folder.ts";
import { freePorts } from "../support/ports.ts";
import { RUDENESS, type RudeServer, startRudeServer } from "../support/rude-server.ts";
import { until } from "../support/until.ts";

const SOON = 100;
const registry = new SignalRegistry();
const { id } = registry.intern({ source: "p", device: "m", metric: "N" });

function batchOf(...numbers: number[]): SampleBatch {
  const batch = new SampleBatch(numbers.length);
  for (const n of numbers) batch.addValue(id, ValueType.Double, n, 1.7e12 + n);
  return batch;
}

/** What each store does at a server; all is closed when the test ends. */
function attempts(t: TestContext, url: string): Record<string, () => Promise<unknown>> {
  const influx = openHistorian({ engine: "influx", url, bucket: "b", org: "o", token: "t", timeoutMs: SOON, registry });
  const s3 = openObjects({ engine: "s3", url, accessKey: "a", secretKey: "b", timeoutMs: SOON });
  const meili = openSearch({ engine: "meilisearch", url, key: "k", timeoutMs: SOON });
  t.after(() => Promise.all([influx.close(), s3.close(), meili.close()]));
  return {
    "influx write": () => influx.write(batchOf(1)),
    "influx query": () => influx.query({ signals: ["**"], from: 0, to: 1e12 }),
    "s3 put": () => s3.put("bucket", "key", "text"),
    "s3 get": () => s3.get({ bucket: "bucket", key: "key" }),
    "meili upsert": () => meili.upsert("docs", [{ id: "1" }]),
    "meili search": () => meili.search("docs", "x"),
  };
}

async function faultOf(attempt: () => Promise<unknown>): Promise<FplusError> {
  return await attempt().then(
    () => assert.fail("taken for good"),
    (error: unknown) => {
      assert.ok(error instanceof FplusError, String(error));
      return error;
    },
  );
}

for (const [rudeness, answer] of Object.entries(RUDENESS)) {
  test(`a server that answers so, "${rudeness}", is an error that names the field and the way out`, async (t) => {
    const server = await startRudeServer(answer);
    t.after(() => server.close());
    for (const [what, attempt] of Object.entries(attempts(t, server.url))) {
      // The client of S3 has a time-out for silence only.
      if (rudeness === "drips for ever" && what.startsWith("s3")) continue;
      const { code, message, field, hint } = await faultOf(attempt);
      assert.match(code, /\.(unreachable|refused)$/, `${what}: ${code}: ${message}`);
      assert.match(field ?? "", /^(url|token|key|secretKey)$/, `${what}: ${message}`);
      assert.ok(hint !== undefined && message.includes(server.url) && message.length < 400, `${what}: ${message}`);
      assert.doesNotMatch(message, /<|Unexpected token/, what);
    }
  });
}

test("a name that nobody knows, and a port at which nobody is", async (t) => {
  const [port] = await freePorts(1);
  for (const [url, hint] of [
    ["http://no-such-host.invalid:8086", /Check the host's name/],
    [`http://127.0.0.1:${port!}`, /that the server runs/],
    [`https://127.0.0.1:${port!}`, /that the server runs/],
  ] as const) {
    for (const [what, attempt] of Object.entries(attempts(t, url))) {
      const error = await faultOf(attempt);
      assert.deepEqual([what, error.field], [what, "url"]);
      assert.match(`${what}: ${error.hint}`, hint);
    }
  }
});

test("certificates that are not to be trusted or too old say so, and a port without TLS", async (t) => {
  const folder = temporaryFolder(t);
  const good = await makeCertificate(folder);
  const long = 400 * 86_400_000;
  const old = await makeCertificate(folder, { name: "old", notBefore: new Date(Date.now() - long), days: 30 });
  const serve = async (certificate: { key: string; certificate: string }): Promise<RudeServer> => {
    const server = await startRudeServer(RUDENESS["500 with a page"], {
      key: certificate.key,
      cert: certificate.certificate,
    });
    t.after(() => server.close());
    return server;
  };
  const [strange, outdated] = [await serve(good), await serve(old)];
  const hintsAt = async (url: string): Promise<string[]> => {
    const hints: string[] = [];
    for (const [what, attempt] of Object.entries(attempts(t, url)))
      hints.push(`${what}: ${(await faultOf(attempt)).hint}`);
    return hints;
  };
  for (const hint of await hintsAt(strange.url)) assert.match(hint, /NODE_EXTRA_CA_CERTS/);
  const plain = await startRudeServer(RUDENESS["500 with a page"]);
  t.after(() => plain.close());
  for (const hint of await hintsAt(plain.url.replace("http:", "https:"))) assert.match(hint, /speaks no TLS/);
  // Node.js 24.5 can be told at run time whom to trust.
  const { setDefaultCACertificates } = tls as { setDefaultCACertificates?: (certificates: string[]) => void };
  if (setDefaultCACertificates === undefined) return;
  const before = tls.getCACertificates();
  t.after(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, good.certificate, old.certificate]);
  for (const hint of await hintsAt(outdated.url)) assert.match(hint, /has expired/);
});

test("samples survive every rudeness in turn: each reaches InfluxDB under its time, none is taken for written before", async (t) => {
  const held = new Map<string, number>();
  const bodies: Buffer[] = [];
  const server = await startRudeServer(() => undefined);
  t.after(() => server.close());
  const friendly: RudeServer["answer"] = (_, response) => response.writeHead(204).end();
  server.answer = friendly;
  server.body = (request, body) => {
    if (request.url?.startsWith("/api/v2/write") === true && server.answer === friendly) bodies.push(body);
  };
  const store = openHistorian({
    engine: "influx",
    url: server.url,
    bucket: "b",
    version: "2",
    timeoutMs: SOON,
    registry,
  });
  const spool = openSpool({ directory: temporaryFolder(t), maxBytes: 16e6, policy: "refuse" });
  const writer = new HistorianWriter(store, { spool, registry, retryMs: 5, maxRetryMs: 10 });
  let n = 0;
  for (const [rudeness, answer] of Object.entries(RUDENESS)) {
    // Each finds the connections open, as a server does that changes its mind.
    server.answer = friendly;
    await writer.write(batchOf(n++));
    await until("the spool to be empty", () => writer.stats().spoolDepth === 0);
    const { written } = writer.stats();
    server.answer = answer;
    const receipt = await writer.write(batchOf(n++, n++));
    assert.deepEqual([rudeness, receipt.spooled, receipt.rejected], [rudeness, 2, []]);
    assert.equal(writer.stats().written, written, rudeness);
    assert.notEqual(writer.health().status, "up", rudeness);
  }
  server.answer = friendly;
  await until("everything to be delivered", () => writer.stats().spoolDepth === 0 && writer.stats().written === n);
  assert.deepEqual([writer.stats().dropped, writer.stats().rejected], [0, 0]);
  assert.equal(writer.health().status, "up");
  for (const body of bodies) {
    const text = (body[0] === 0x1f ? gunzipSync(body) : body).toString();
    for (const [, value, time] of text.matchAll(/value=(\d+)\S* (\d+)$/gm)) held.set(time!, Number(value));
  }
  assert.deepEqual(
    [...held.values()].sort((a, b) => a - b),
    Array.from({ length: n }, (_, i) => i),
  );
  await writer.close();
  await store.close();
});
