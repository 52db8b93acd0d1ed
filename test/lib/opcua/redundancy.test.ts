import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Endpoint } from "../../../lib/opcua/index.ts";
import { ServerSet } from "../../../lib/opcua/redundancy.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startTestServer, type TestServer } from "../../support/opcua-server.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

const MINUTE = 60_000;

test("the first that answers is used and kept; one that is down is passed over for a while", () => {
  const set = new ServerSet(["a", "b", "c"]);
  assert.equal(set.next(0), "a");
  assert.equal(set.failed(0), true);
  assert.equal(set.next(0), "b");
  assert.equal(set.connected(), undefined);
  assert.equal(set.next(1000), "b");
  // b goes down while a is still passed over.
  set.failed(1000);
  assert.equal(set.next(1000), "c");
  assert.equal(set.connected(), "b");
  assert.equal(set.switches, 1);
});

test("when nobody answers, each is tried in turn, and the pause is the usual", () => {
  const set = new ServerSet(["a", "b"]);
  const tried: string[] = [];
  for (let i = 0; i < 4; i++) {
    tried.push(set.next(i));
    const soon = set.failed(i);
    assert.equal(soon, i === 0, `after attempt ${i}`);
  }
  assert.deepEqual(tried, ["a", "b", "a", "b"]);
  const alone = new ServerSet(["a"]);
  assert.equal(alone.next(0), "a");
  assert.equal(alone.failed(0), false);
  assert.equal(alone.next(0), "a");
});

test("a degraded server is left after two readings, once; the less degraded of two is kept", () => {
  const set = new ServerSet(["a", "b"]);
  set.next(0);
  set.connected();
  assert.equal(set.stated(255, 0), false);
  assert.equal(set.stated(50, 0), false, "one low reading is none");
  assert.equal(set.stated(255, 0), false);
  assert.equal(set.stated(50, 0), false);
  assert.equal(set.stated(50, 0), true);
  assert.equal(set.next(0), "b");
  set.connected();
  assert.equal(set.stated(100, 0), false);
  assert.equal(set.stated(100, 0), false, "b is better than what is known of a");
  assert.equal(set.stated(100, 11 * MINUTE), true, "what is known of a is old: it may be well again");
  assert.equal(set.next(11 * MINUTE), "a");
  set.failed(11 * MINUTE);
  assert.equal(set.next(11 * MINUTE), "b");
  set.connected();
  for (let i = 0; i < 20; i++)
    assert.equal(set.stated(100, 11 * MINUTE + i * 5000), false, "not left for one that was off");
});

async function pair(
  t: TestContext,
): Promise<{ first: TestServer; second: TestServer; endpoint: Endpoint; notices: string[] }> {
  const [one, two] = await freePorts(2);
  const first = await startTestServer({ port: one!, applicationUri: "urn:test:first" });
  const second = await startTestServer({ port: two!, applicationUri: "urn:test:second" });
  const notices: string[] = [];
  const endpoint = new Endpoint({
    name: "PLC",
    url: first.url,
    standIns: [second.url],
    pkiFolder: temporaryFolder(t),
    connectTimeoutMs: 2000,
  });
  endpoint.listen({ onNotice: (text) => notices.push(text) });
  t.after(async () => {
    await endpoint.close();
    await Promise.all([first.close(), second.close()]);
  });
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  return { first, second, endpoint, notices };
}

test("a server that goes off is replaced by its stand-in, with one session at a time", async (t) => {
  const { first, second, endpoint, notices } = await pair(t);
  assert.equal(endpoint.url, first.url);
  assert.equal(second.sessions, 0);
  await first.close();
  await until("the stand-in", () => endpoint.state === "up" && endpoint.url === second.url);
  assert.equal(second.sessions, 1);
  assert.equal(endpoint.health().counters["switches"], 1);
  assert.ok(notices.some((text) => /has taken over/.test(text)));
});

test("a server that says it is degraded is left, and nothing is left of it", async (t) => {
  const { first, second, endpoint } = await pair(t);
  assert.equal(endpoint.health().gauges["serviceLevel"] ?? 255, 255);
  first.serviceLevel = 10;
  await until("the stand-in", () => endpoint.state === "up" && endpoint.url === second.url);
  await until("no session on the first", () => first.sessions === 0 && second.sessions === 1);
  assert.equal(endpoint.health().counters["switches"], 1);
});

test("an address among the stand-ins that is none is refused by field", () => {
  assert.throws(() => new Endpoint({ name: "x", url: "opc.tcp://a", standIns: ["http://b"], pkiFolder: "/nowhere" }), {
    code: "config.invalid",
    field: "standIns",
  });
});
