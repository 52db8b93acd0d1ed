import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientSession } from "node-opcua";
import { FplusError } from "../../../lib/errors/index.ts";
import { discoverTags, Endpoint, Monitor, Poller, Writer } from "../../../lib/opcua/index.ts";
import { readLimits, tooLarge, USUAL_LIMITS } from "../../../lib/opcua/limits.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { COUNTER_NAMESPACE, startTestServer } from "../../support/opcua-server.ts";
import { freePorts } from "../../support/ports.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

test("a server that accepts and stays silent is given up in time; a session that is idle is not", async (t) => {
  const [port] = await freePorts(1);
  const server = await startTestServer({ port: port! });
  t.after(() => server.close());
  const proxy = await startTcpProxy(port!);
  t.after(() => proxy.close());
  proxy.freeze();
  const errors: unknown[] = [];
  const endpoint = new Endpoint({
    name: "PLC",
    url: `opc.tcp://127.0.0.1:${proxy.port}/test`,
    pkiFolder: temporaryFolder(t),
    connectTimeoutMs: 1000,
  });
  endpoint.listen({ onError: (error) => errors.push(error) });
  t.after(() => endpoint.close());
  endpoint.start();
  await until("giving up", () => errors.length > 0);
  assert.ok(errors[0] instanceof FplusError && errors[0].message === "no answer");
  await proxy.heal();
  await until("a session", () => endpoint.state === "up");
  const { reconnects } = endpoint.health().counters;
  await new Promise((resolve) => setTimeout(resolve, 4000));
  assert.equal(endpoint.health().counters["reconnects"], reconnects);
  assert.equal(server.sessions, 1);
});

test("a value that a server would not take for its size is refused here", () => {
  const limits = { ...USUAL_LIMITS, arrayLength: 3, byteStringLength: 2 };
  assert.match(tooLarge([1, 2, 3, 4], limits) ?? "", /4 elements.*3 at most/);
  assert.match(tooLarge(new Float64Array(4), limits) ?? "", /4 elements/);
  assert.match(tooLarge(Buffer.from("abc"), limits) ?? "", /3 bytes.*2 at most/);
  for (const fits of [[1, 2, 3], Buffer.from("ab"), 7, "a long text", null])
    assert.equal(tooLarge(fits, limits), undefined);
  assert.equal(tooLarge(Array.from({ length: 99 }), USUAL_LIMITS), undefined);
});

test("a server that states nothing gets the usual, or what is known of its make; one that takes few at a time is asked in parts", async () => {
  const asked: number[] = [];
  const session = (product: string, most: number): ClientSession => {
    const answer = ({ nodeId }: { nodeId: string }) => ({
      value: { value: nodeId === "i=2261" ? product : undefined },
    });
    const read = async (wanted: { nodeId: string }[]): Promise<unknown> => {
      asked.push(wanted.length);
      if (wanted.length > most) throw new Error("serviceResult = BadTooManyOperations (0x80100000)");
      return wanted.map(answer);
    };
    return { read } as unknown as ClientSession;
  };
  assert.equal((await readLimits(session("SIMATIC S7-1200", 100))).itemsPerCall, 100);
  assert.deepEqual(await readLimits(session("Somebody's", 100)), USUAL_LIMITS);
  asked.length = 0;
  assert.deepEqual(await readLimits(session("Somebody's", 3)), USUAL_LIMITS);
  assert.ok(asked.at(-1)! <= 3 && asked.reduce((sum, count) => sum + (count <= 3 ? count : 0), 0) === asked[0]);
});

test("a server's limits are read, and kept to by everything that asks it", async (t) => {
  const [port] = await freePorts(1);
  const tags = 23;
  const server = await startTestServer({
    port: port!,
    tags,
    operationLimits: {
      maxNodesPerRead: 5,
      maxNodesPerWrite: 3,
      maxNodesPerBrowse: 4,
      maxNodesPerTranslateBrowsePathsToNodeIds: 2,
      maxMonitoredItemsPerCall: 6,
      maxNodesPerHistoryReadData: 7,
    },
    maxSessions: 9,
  });
  t.after(() => server.close());
  const errors: unknown[] = [];
  const endpoint = new Endpoint({
    name: "PLC",
    url: server.url,
    pkiFolder: temporaryFolder(t),
  });
  endpoint.listen({ onError: (error) => errors.push(error) });
  t.after(() => endpoint.close());
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const found = await endpoint.withSession(async (session, limits, opcua) => {
    assert.deepEqual(
      [limits.nodesPerRead, limits.nodesPerWrite, limits.nodesPerBrowse, limits.nodesPerTranslate, limits.itemsPerCall],
      [5, 3, 4, 2, 6],
    );
    assert.deepEqual([limits.nodesPerHistoryRead, limits.sessions], [7, 9]);
    return discoverTags(session, limits, opcua, { limit: 1000 });
  });
  assert.equal(found.length, tags);
  const seen = { subscribed: new Set<number>(), polled: new Set<number>() };
  const monitor = new Monitor(endpoint, found, {
    publishingMs: 50,
    samplingMs: 0,
    queueSize: 10,
    enumTexts: true,
    onBatch: (batch) => batch.signal.forEach((id) => seen.subscribed.add(id)),
    onError: (error) => errors.push(error),
  });
  const poller = new Poller(endpoint, found, {
    everyMs: 200,
    enumTexts: true,
    onBatch: (batch) => batch.signal.forEach((id) => seen.polled.add(id)),
    onError: (error) => errors.push(error),
  });
  t.after(() => Promise.all([monitor.close(), poller.close()]));
  endpoint.use(monitor);
  endpoint.use(poller);
  await until("all tags both ways", () => seen.subscribed.size === tags && seen.polled.size === tags);
  const targets = found.map(({ nodeId }) => nodeId);
  assert.ok(targets[0]!.startsWith(`nsu=${COUNTER_NAMESPACE};`));
  const outcomes = await new Writer(endpoint).write(targets.map((target) => ({ target, value: 1 })));
  assert.equal(outcomes.length, tags);
  assert.ok(
    outcomes.every(({ status }) => status === "Good"),
    JSON.stringify(outcomes[0]),
  );
  assert.deepEqual(errors, []);
});

test("a certificate near its end is said once, and shown in the health", async (t) => {
  const [port] = await freePorts(1);
  const pkiFolder = temporaryFolder(t);
  const day = 86_400_000;
  const ending = await makeCertificate(temporaryFolder(t), { notBefore: new Date(Date.now() - 5 * day), days: 9 });
  const server = await startTestServer({ port: port!, secure: true, certificate: ending });
  t.after(() => server.close());
  const notices: string[] = [];
  const endpoint = new Endpoint({
    name: "PLC",
    url: server.url,
    securityMode: "SignAndEncrypt",
    securityPolicy: "Basic256Sha256",
    pkiFolder,
  });
  endpoint.listen({ onNotice: (text) => notices.push(text) });
  t.after(() => endpoint.close());
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const health = endpoint.health();
  assert.equal(health.status, "degraded");
  assert.match(health.detail, /the server's certificate expires in 3 days/);
  assert.equal(endpoint.certificateDays, 3);
  endpoint.restart("a second session says nothing again");
  await until("a second session", () => endpoint.health().counters["sessions"] === 2);
  assert.equal(notices.filter((text) => /expires in/.test(text)).length, 1);
  assert.equal(notices.filter((text) => /accepted at the first connection/.test(text)).length, 1);
});
