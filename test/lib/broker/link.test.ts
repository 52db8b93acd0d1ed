import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { EmbeddedBroker, filterCovers, type LinkOptions, type MqttLink, openLink } from "../../../lib/broker/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { mosquittoProgram, startMosquitto } from "../../support/mosquitto.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";

/** A broker that a test can stop and start again on the same port. */
interface TestBroker {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const brokers: Record<string, (t: TestContext, port: number) => TestBroker | undefined> = {
  "embedded broker": (_t, port) => {
    let broker: EmbeddedBroker | undefined;
    return {
      start: () => (broker = new EmbeddedBroker({ host: "127.0.0.1", port })).open(),
      stop: async () => broker?.close(),
    };
  },
  mosquitto: (t, port) => {
    if (missing(t, "mosquitto", mosquittoProgram)) return undefined;
    const folder = temporaryFolder(t);
    let service: Awaited<ReturnType<typeof startMosquitto>> | undefined;
    return {
      start: async () => void (service = await startMosquitto(folder, port)),
      stop: async () => service?.stop("SIGKILL"),
    };
  },
};

for (const [name, make] of Object.entries(brokers)) {
  describe(name, () => {
    const withBroker = (title: string, run: (link: LinkMaker, broker: TestBroker) => Promise<void>): void => {
      test(title, async (t) => {
        const [port] = await freePorts(1);
        const broker = make(t, port!);
        if (broker === undefined) return;
        await broker.start();
        const links: MqttLink[] = [];
        try {
          await run((clientId, options = {}) => {
            const link = openLink({ address: { url: `mqtt://127.0.0.1:${port}` }, clientId, ...options });
            links.push(link);
            return link;
          }, broker);
        } finally {
          await Promise.all(links.map((link) => link.end()));
          await broker.stop();
        }
      });
    };

    withBroker("messages arrive by filter, retained ones marked", async (open) => {
      const publisher = open("publisher");
      publisher.start();
      await until("connection", () => publisher.connected);
      await publisher.publish("a/state", "kept", { qos: 1, retain: true });
      const seen: string[] = [];
      const subscriber = open("subscriber");
      subscriber.subscribe("a/+", 1, (topic, payload, retained) => {
        seen.push(`${topic} ${Buffer.from(payload).toString()} ${retained}`);
      });
      subscriber.start();
      await until("retained message", () => seen.length === 1);
      await publisher.publish("a/b", "x", { qos: 1 });
      await publisher.publish("a/b/c", "not covered", { qos: 1 });
      await publisher.publish("a/d", "y");
      await until("live messages", () => seen.length === 3);
      assert.deepEqual(seen, ["a/state kept true", "a/b x false", "a/d y false"]);
    });

    withBroker(
      "the will is sent on a cut, not on an orderly end, and is asked for at each connection",
      async (open) => {
        const wills: string[] = [];
        const watcher = open("watcher");
        watcher.subscribe("will/#", 1, (_topic, payload) => wills.push(Buffer.from(payload).toString()));
        watcher.start();
        await until("watcher", () => watcher.connected);
        let asked = 0;
        const will = () => ({
          topic: "will/x",
          payload: Buffer.from(`life ${++asked}`),
          qos: 1 as const,
          retain: false,
        });
        const orderly = open("orderly", { will });
        orderly.start();
        await until("orderly", () => orderly.connected);
        await orderly.end();
        const cut = open("cut", { will });
        cut.start();
        await until("cut", () => cut.connected);
        await cut.end({ will: true });
        await until("will", () => wills.length > 0);
        assert.deepEqual(wills, ["life 2"]);
      },
    );

    withBroker(
      "comes back after the broker was away, with its subscriptions; offline publishes are refused",
      async (open, broker) => {
        const seen: string[] = [];
        const events: string[] = [];
        const link = open("phoenix", {
          onConnect: () => events.push("connect"),
          onClose: () => events.push("close"),
        });
        link.subscribe("t", 1, (_topic, payload) => seen.push(Buffer.from(payload).toString()));
        link.start();
        await until("connection", () => link.connected);
        await broker.stop();
        await until("loss", () => !link.connected);
        await assert.rejects(link.publish("t", "lost"), { code: "broker.offline" });
        await broker.start();
        await until("return", () => link.connected);
        await link.publish("t", "back", { qos: 1 });
        await until("message", () => seen.length === 1);
        assert.deepEqual([seen, events], [["back"], ["connect", "close", "connect"]]);
      },
    );

    withBroker(
      "a second client of the same id takes over; the first comes back only by its own retry",
      async (open) => {
        const closed: string[] = [];
        const first = open("twin", { onClose: () => closed.push("first") });
        first.start();
        await until("first", () => first.connected);
        const second = open("twin");
        second.start();
        await until("take-over", () => closed.length > 0);
        await first.end();
        await until("second", () => second.connected);
      },
    );
  });
}

test("a broker that is not there is reported once, by address, without the password", async () => {
  const [port] = await freePorts(1);
  const errors: string[] = [];
  const options: LinkOptions = {
    address: { url: `mqtt://user:secret@127.0.0.1:${port}` },
    clientId: "nobody",
    onError: (error) =>
      errors.push(`${(error as { code?: string }).code} ${error.message} ${(error as { field?: string }).field}`),
  };
  const link = openLink(options);
  link.start();
  await until("error", () => errors.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  await link.end();
  assert.equal(errors.length, 1);
  assert.match(errors[0]!, /^broker\.unreachable .*ECONNREFUSED.* mqtt:\/\/user:\*{3}@127\.0\.0\.1/);
  assert.doesNotMatch(errors[0]!, /secret/);
});

test("the embedded broker refuses a wrong password and names a taken port", async () => {
  const [port] = await freePorts(1);
  const broker = new EmbeddedBroker({ host: "127.0.0.1", port: port!, username: "u", password: "right" });
  await broker.open();
  const codes: (string | undefined)[] = [];
  const wrong = openLink({
    address: { url: `mqtt://127.0.0.1:${port}`, username: "u", password: "wrong" },
    clientId: "w",
    onError: (error) => codes.push((error as { code?: string }).code),
  });
  wrong.start();
  await until("refusal", () => codes.includes("broker.refused"));
  await wrong.end();
  assert.ok(broker.stats.refused >= 1);
  const rival = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
  await assert.rejects(rival.open(), { code: "broker.port-taken", field: "port" });
  await rival.close();
  await broker.close();
});

test("filters cover topics as MQTT says", () => {
  const covered: [string, string][] = [
    ["a/b", "a/b"],
    ["a/+", "a/b"],
    ["#", "a/b"],
    ["a/#", "a"],
    ["a/#", "a/b/c"],
    ["+/+", "a/"],
  ];
  const uncovered: [string, string][] = [
    ["a/+", "a"],
    ["a/+", "a/b/c"],
    ["+", "a/b"],
    ["#", "$SYS/x"],
    ["+/x", "$SYS/x"],
    ["a", "A"],
  ];
  for (const [filter, topic] of covered) assert.ok(filterCovers(filter, topic), `${filter} covers ${topic}`);
  for (const [filter, topic] of uncovered) assert.ok(!filterCovers(filter, topic), `${filter} does not cover ${topic}`);
});

type LinkMaker = (clientId: string, options?: Partial<LinkOptions>) => MqttLink;
