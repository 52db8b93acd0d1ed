import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { discoverTags, type Endpoint, Monitor, Poller, type Tag, Writer } from "../../../lib/opcua/index.ts";
import type { SampleBatch } from "../../../lib/sample/index.ts";
import {
  COUNTER_NAMESPACE,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from "../../support/opcua-server.ts";
import type { RequestLimits } from "../../support/request-guard.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { openEndpoint } from "./rig.ts";

const MONITOR = { publishingMs: 100, samplingMs: 0, queueSize: 10, enumTexts: true };

async function connect(
  t: TestContext,
  options: Omit<TestServerOptions, "port">,
): Promise<{ server: TestServer; endpoint: Endpoint; errors: unknown[] }> {
  const [port] = await freePorts(1);
  const server = await startTestServer({ port: port!, ...options });
  t.after(() => server.close());
  const errors: unknown[] = [];
  const endpoint = openEndpoint(t, server.url, { onError: (error) => errors.push(error) });
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  return { server, endpoint, errors };
}

function countTags(count: number): Tag[] {
  return Array.from({ length: count }, (_, i) => ({
    device: "Counter1",
    metric: `Count${i}`,
    nodeId: `nsu=${COUNTER_NAMESPACE};s=Count${i}`,
  }));
}

/** The signals that came, each once. */
function seen(): { ids: Set<number>; onBatch: (batch: SampleBatch) => void } {
  const ids = new Set<number>();
  return { ids, onBatch: (batch) => batch.signal.forEach((id) => ids.add(id)) };
}

const ANSWERS = ["BadTooManyOperations", "BadEncodingLimitsExceeded", "BadRequestTooLarge", "BadResponseTooLarge"];

for (const answer of ANSWERS) {
  test(`a server that states no limits and says ${answer} is asked for less until it answers, and never for more again`, async (t) => {
    const tags = 130;
    const few = { atMost: 17, answer };
    const silentLimits: RequestLimits = {
      ReadRequest: few,
      WriteRequest: few,
      BrowseRequest: { atMost: 1, answer },
      TranslateBrowsePathsToNodeIdsRequest: { atMost: 5, answer },
      CreateMonitoredItemsRequest: few,
      DeleteMonitoredItemsRequest: few,
    };
    const { server, endpoint, errors } = await connect(t, { tags, silentLimits });
    const found = await endpoint.withSession((session, limits, opcua) =>
      discoverTags(session, limits, opcua, { limit: 1000 }),
    );
    assert.equal(found.length, tags);
    const [subscribed, polled] = [seen(), seen()];
    const onError = (error: unknown): void => void errors.push(error);
    const monitor = new Monitor(endpoint, found, { ...MONITOR, ...subscribed, onError });
    const poller = new Poller(endpoint, found, { everyMs: 200, enumTexts: true, ...polled, onError });
    t.after(() => Promise.all([monitor.close(), poller.close()]));
    endpoint.use(monitor);
    endpoint.use(poller);
    await until("all tags both ways", () => subscribed.ids.size === tags && polled.ids.size === tags);
    const outcomes = await new Writer(endpoint).write(found.map(({ nodeId }) => ({ target: nodeId, value: 1 })));
    assert.ok(outcomes.length === tags && outcomes.every(({ ok }) => ok), JSON.stringify(outcomes[0]));
    for (const request of Object.keys(silentLimits))
      if (request !== "DeleteMonitoredItemsRequest")
        assert.ok(
          server.requests.refused.some((refused) => refused.request === request),
          `${request} was too large at first`,
        );
    assert.deepEqual(errors, []);

    const refusals = server.requests.refused.length;
    endpoint.restart("a second session knows what the first one learnt");
    await until("a second session", () => endpoint.health().counters["sessions"] === 2 && endpoint.state === "up");
    await monitor.update(found.slice(0, 40), { ...MONITOR, ...subscribed, onError });
    await until("the table's items", () => monitor.active === 40);
    assert.deepEqual(server.requests.refused.slice(refusals), []);
    assert.deepEqual(errors, []);
  });
}

test("a server that closes the connection over a long request is asked for less the next time", async (t) => {
  const tags = 700;
  const { server, endpoint, errors } = await connect(t, { tags });
  server.requests.limits = { CreateMonitoredItemsRequest: { atMost: 200, answer: "cut" } };
  const subscribed = seen();
  const monitor = new Monitor(endpoint, countTags(tags), { ...MONITOR, ...subscribed });
  t.after(() => monitor.close());
  endpoint.use(monitor);
  await until("all tags", () => subscribed.ids.size === tags);
  assert.deepEqual(
    server.requests.refused.map(({ operations }) => operations),
    [700, 350],
  );
  assert.ok(server.requests.sizes("CreateMonitoredItemsRequest").every((size) => size <= 175));
  assert.ok(errors.length <= 2, String(errors));
});

test("a link that breaks does not make requests smaller that have passed before", async (t) => {
  const tags = 300;
  const { server, endpoint } = await connect(t, { tags });
  const polled = seen();
  const poller = new Poller(endpoint, countTags(tags), { everyMs: 100, enumTexts: false, ...polled });
  t.after(() => poller.close());
  endpoint.use(poller);
  await until("all tags", () => polled.ids.size === tags);
  for (let round = 0; round < 3; round++) {
    const cuts = server.requests.refused.length;
    server.requests.limits = { ReadRequest: { atMost: 100, answer: "cut" } };
    await until("a cut", () => server.requests.refused.length > cuts);
    server.requests.limits = {};
    const before = server.requests.sizes("ReadRequest").length;
    await until("polling again", () => server.requests.sizes("ReadRequest").slice(before).includes(tags));
  }
});

test("polls of several readers with one interval share their rounds, and a node of several is read once", async (t) => {
  const tags = 60;
  const { server, endpoint } = await connect(t, { tags });
  const all = countTags(tags);
  const everyMs = 200;
  const tables = [all.slice(0, 40), all.slice(20, 60), all.slice(0, 60)];
  const reads = tables.map(() => ({ rounds: 0, samples: 0 }));
  const pollers = tables.map(
    (table, i) =>
      new Poller(endpoint, table, {
        everyMs,
        enumTexts: false,
        onBatch: (batch) => {
          reads[i]!.rounds += 1;
          reads[i]!.samples += batch.length;
        },
      }),
  );
  t.after(() => Promise.all(pollers.map((poller) => poller.close())));
  for (const poller of pollers) endpoint.use(poller);
  await until("rounds of all", () => reads.every(({ rounds }) => rounds >= 3));
  const [before, from] = [reads.map(({ rounds }) => rounds), server.requests.served.length];
  await until("ten more rounds", () => reads[0]!.rounds >= before[0]! + 10);
  const requests = server.requests.served.slice(from).filter(({ request }) => request === "ReadRequest");
  const rounds = reads[0]!.rounds - before[0]!;
  assert.ok(Math.abs(requests.length - rounds) <= 1, `${requests.length} requests in ${rounds} rounds`);
  assert.deepEqual(new Set(requests.map(({ operations }) => operations.length)), new Set([tags]));
  reads.forEach(({ rounds: own, samples }, i) => assert.equal(samples, own * tables[i]!.length));
});

test("a filter that the server refuses is left out and said; the other tags keep theirs", async (t) => {
  const { endpoint, errors } = await connect(t, { tags: 3 });
  const subscribed = seen();
  const notices: string[] = [];
  const [plain, deadband, percent] = countTags(3) as [Tag, Tag, Tag];
  const table = [plain, { ...deadband, deadband: 5 }, { ...percent, deadbandPercent: 5 }];
  const monitor = new Monitor(endpoint, table, {
    ...MONITOR,
    ...subscribed,
    onError: (error) => errors.push(error),
    onNotice: (text) => notices.push(text),
  });
  t.after(() => monitor.close());
  endpoint.use(monitor);
  await until("all tags", () => subscribed.ids.size === 3 && notices.length > 0);
  // The counters have no EURange, of which a percentage could be one.
  assert.match(notices.join(), /without the filter of 1 tag: every change comes/);
  assert.equal(monitor.refused, 0);
  assert.equal(monitor.revised, true);
  assert.deepEqual(errors, []);
});

test("a server with no subscription left is told by name and asked again; its tags are read once it has one", async (t) => {
  const none = { CreateSubscriptionRequest: { atMost: 0, answer: "BadTooManySubscriptions" } };
  const { server, endpoint, errors } = await connect(t, { tags: 5, silentLimits: none });
  const { ids, onBatch } = seen();
  const monitor = new Monitor(endpoint, countTags(5), {
    ...MONITOR,
    onBatch,
    onError: (error) => void errors.push(error),
  });
  t.after(() => monitor.close());
  endpoint.use(monitor);
  await until("a third attempt", () => server.requests.refused.length >= 3);
  assert.match(errors.map(String).join(), /BadTooManySubscriptions/);
  // Not each attempt on a session of its own: others may be reading over it.
  assert.equal(endpoint.health().counters["sessions"], 2);
  assert.equal(monitor.active, 0);
  server.requests.limits = {};
  await until("all tags", () => ids.size === 5);
  assert.equal(monitor.active, 5);
  assert.equal(errors.length, 1, "one reason, told once");
});
