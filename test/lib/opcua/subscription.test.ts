import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import * as opcua from "node-opcua";
import { BatchSize } from "../../../lib/opcua/batch-size.ts";
import { DeferredAcknowledgement } from "../../../lib/opcua/deferred-acknowledgement.ts";
import { MonitoredItems } from "../../../lib/opcua/monitored-items.ts";
import { PublishLoop } from "../../../lib/opcua/publish-loop.ts";
import { noReadings } from "../../../lib/opcua/reading-counters.ts";
import { revisionNotice } from "../../../lib/opcua/revision.ts";
import { Subscription } from "../../../lib/opcua/subscription.ts";
import { until } from "../../support/until.ts";

type Answer = (error: Error | null, response?: object) => void;

/** A session whose server is this test: Publish requests wait until they are answered, Republish knows what is kept. */
class FakeSession {
  readonly publishes: { request: opcua.PublishRequest; answer: Answer }[] = [];
  readonly kept = new Map<number, object>();
  readonly engine = {
    subscriptionMap: {},
    subscriptionCount: 0,
    lastRequestSentTime: new Date(),
    send_publish_request() {},
  };
  asked: number[] = [];
  /** Answers Republish in place of what is kept. */
  republish: ((answer: Answer) => void) | undefined;

  getPublishEngine(): object {
    return this.engine;
  }

  performMessageTransaction(request: object, answer: Answer): void {
    if (request instanceof opcua.PublishRequest) this.publishes.push({ request, answer });
    else if (request instanceof opcua.CreateSubscriptionRequest)
      answer(null, {
        subscriptionId: 7,
        revisedPublishingInterval: 100,
        revisedLifetimeCount: 600,
        revisedMaxKeepAliveCount: 50,
      });
    else if (request instanceof opcua.RepublishRequest) {
      this.asked.push(request.retransmitSequenceNumber);
      if (this.republish !== undefined) return this.republish(answer);
      const message = this.kept.get(request.retransmitSequenceNumber);
      if (message !== undefined) answer(null, { notificationMessage: message });
      else answer(fault("BadMessageNotAvailable"));
    } else answer(null, {});
  }

  /** The server sends a message; without content it is a keep-alive. */
  async send(sequenceNumber: number, available: readonly number[], isKeepAlive = false): Promise<void> {
    await until("a Publish request", () => this.publishes.length > 0);
    this.publishes.shift()!.answer(null, {
      subscriptionId: 7,
      availableSequenceNumbers: available,
      notificationMessage: message(sequenceNumber, isKeepAlive),
    });
    for (let i = 0; i < 5; i++) await turn();
  }

  get acknowledged(): number[] {
    return this.publishes.flatMap(({ request }) =>
      (request.subscriptionAcknowledgements ?? []).map(({ sequenceNumber }) => sequenceNumber),
    );
  }
}

function message(sequenceNumber: number, isKeepAlive = false): object {
  return { sequenceNumber, notificationData: isKeepAlive ? [] : [{ monitoredItems: [] }] };
}

function fault(name: "BadMessageNotAvailable" | "BadNoSubscription"): Error {
  const response = { responseHeader: { serviceResult: opcua.StatusCodes[name] } };
  return Object.assign(new Error(name), { response });
}

async function subscribe(session: FakeSession) {
  const counters = noReadings();
  const got: number[] = [];
  const contents: string[] = [];
  const acknowledge = new Map<number, () => void>();
  const missed: number[] = [];
  const errors: unknown[] = [];
  const lost: string[] = [];
  const loop = new PublishLoop(opcua, session as never, {
    onSessionGone: () => undefined,
    onError: (e) => errors.push(e),
  });
  const subscription = await Subscription.create(
    opcua,
    session as never,
    loop,
    { publishingMs: 100, lifetimeMs: 60_000 },
    {
      onMessage: ({ sequenceNumber, dataChanges }, done) => {
        got.push(sequenceNumber);
        contents.push(dataChanges.join());
        acknowledge.set(sequenceNumber, done);
      },
      onMissed: (count) => missed.push(count),
      onLost: (reason) => lost.push(reason),
      onError: (error) => errors.push(error),
      counters,
    },
  );
  return { subscription, got, contents, acknowledge, missed, counters, errors, loop, lost };
}

test("messages come in order and once: a gap is filled by Republish, a repeat is dropped", async () => {
  const session = new FakeSession();
  const { got, counters, errors } = await subscribe(session);
  await session.send(1, [1]);
  session.kept.set(2, message(2));
  session.kept.set(3, message(3));
  await session.send(4, [2, 3, 4]);
  await session.send(3, [3, 4]);
  await session.send(5, [5]);
  assert.deepEqual(got, [1, 2, 3, 4, 5]);
  assert.deepEqual([counters.republishedMessages, counters.repeatedMessages], [2, 1]);
  assert.deepEqual(errors, []);
});

test("a message's memory is freed when it was read; one that waits for an earlier message has a copy", async () => {
  const session = new FakeSession();
  const { got, contents } = await subscribe(session);
  const memories: ArrayBuffer[] = [];
  const send = async (sequenceNumber: number): Promise<void> => {
    await until("a Publish request", () => session.publishes.length > 0);
    const bytes = Uint8Array.of(sequenceNumber, 0, 0, 0, 0, 0);
    memories.push(bytes.buffer);
    session.publishes.shift()!.answer(null, {
      subscriptionId: 7,
      availableSequenceNumbers: [1, 2],
      notificationMessage: { sequenceNumber, notificationData: null },
      dataChanges: [bytes.subarray(0, 4)],
      memory: bytes.buffer,
    });
  };
  let answer: Answer | undefined;
  session.republish = (late) => void (answer = late);
  await send(2);
  await until("a question for the first", () => answer !== undefined);
  answer!(null, { notificationMessage: message(1) });
  await until("the first two", () => got.length === 2);
  await turn();
  await send(3);
  await until("all three", () => got.length === 3);
  assert.deepEqual(got, [1, 2, 3]);
  assert.deepEqual(contents, ["", "2,0,0,0", "3,0,0,0"]);
  assert.deepEqual(
    memories.map(({ detached }) => detached),
    [true, true],
  );
});

test("what the server no longer holds is counted, and is not asked for in vain", async () => {
  const session = new FakeSession();
  const { got, missed } = await subscribe(session);
  await session.send(1, [1]);
  session.kept.set(9, message(9));
  await session.send(10, [9, 10]);
  assert.deepEqual(got, [1, 9, 10]);
  assert.deepEqual(missed, [7]);
  assert.deepEqual(session.asked, [9]);
});

test("a keep-alive that names a later message than the next one tells of a loss", async () => {
  const session = new FakeSession();
  const { got } = await subscribe(session);
  await session.send(1, [1]);
  session.kept.set(2, message(2));
  await session.send(3, [2], true);
  assert.deepEqual(got, [1, 2]);
  await session.send(3, [3]);
  assert.deepEqual(got, [1, 2, 3]);
});

test("a message asked for again that arrives after the end is not handed on", async () => {
  const session = new FakeSession();
  const { subscription, got, missed } = await subscribe(session);
  await session.send(1, [1]);
  const perform = session.performMessageTransaction.bind(session);
  let late: Answer | undefined;
  session.performMessageTransaction = (request, answer) => {
    if (request instanceof opcua.RepublishRequest) late = answer;
    else perform(request, answer);
  };
  await session.send(3, [2, 3]);
  await subscription.close();
  assert.ok(late);
  late(null, { notificationMessage: message(2) });
  for (let i = 0; i < 5; i++) await turn();
  assert.deepEqual(got, [1]);
  assert.deepEqual(missed, []);
});

test("a subscription that is gone leaves no handles behind, however often that happens", () => {
  const items = new MonitoredItems();
  const item = { tag: { device: "d", metric: "m", nodeId: "ns=1;s=m" }, id: 1, samplingMs: 0, queueSize: 1 };
  const asked = { samplingMs: 0, queueSize: 1 };
  for (let round = 0; round < 3; round++) {
    const handle = items.signals.length;
    items.adopt({ ...item, key: "d/m", handle, asked, unfiltered: false }, 5);
    assert.equal(items.signals[handle], 5);
    items.clear();
    assert.deepEqual([items.size, items.signals.length, items.texts.length], [0, 0, 0]);
  }
});

test("sequence numbers go on at 1 after 4,294,967,295", async () => {
  const session = new FakeSession();
  const counters = noReadings();
  const got: number[] = [];
  const loop = new PublishLoop(opcua, session as never, { onSessionGone: () => undefined, onError: () => undefined });
  const handlers = {
    onMessage: ({ sequenceNumber }: { sequenceNumber: number }) => got.push(sequenceNumber),
    onMissed: () => assert.fail("nothing is missed"),
    onLost: () => undefined,
    onError: () => undefined,
    counters,
  };
  const perform = session.performMessageTransaction.bind(session);
  session.performMessageTransaction = (request, answer) => {
    if (!(request instanceof opcua.TransferSubscriptionsRequest)) return perform(request, answer);
    const result = { statusCode: opcua.StatusCodes.Good, availableSequenceNumbers: [0xffff_ffff, 0xffff_fffe] };
    return answer(null, { results: [result] });
  };
  session.kept.set(0xffff_fffe, message(0xffff_fffe));
  session.kept.set(0xffff_ffff, message(0xffff_ffff));
  const about = { id: 7, publishingMs: 100, lifetimeMs: 1, keepAliveMs: 1 };
  const adopted = await Subscription.adopt(opcua, session as never, loop, about, handlers, (reason) =>
    assert.fail(reason),
  );
  assert.ok(adopted);
  await session.send(1, [1]);
  session.kept.set(2, message(2));
  await session.send(3, [2, 3]);
  assert.deepEqual(got, [0xffff_fffe, 0xffff_ffff, 1, 2, 3]);
});

test("a message is acknowledged when it is confirmed, not before, and once", async () => {
  const session = new FakeSession();
  const { acknowledge } = await subscribe(session);
  await session.send(1, [1]);
  await session.send(2, [1, 2]);
  assert.deepEqual(session.acknowledged, []);
  acknowledge.get(2)!();
  acknowledge.get(2)!();
  await session.send(3, [1, 2, 3]);
  assert.deepEqual(session.acknowledged, [2]);
});

test("nobody who stores: a few messages wait their time, then all are acknowledged as they come, until somebody stores", async () => {
  let unstored = 0;
  const acknowledged: number[] = [];
  const deferred = new DeferredAcknowledgement({ withinMs: 100, most: 3, onUnstored: () => void (unstored += 1) });
  const receipts = [0, 1, 2, 3].map((n) => deferred.receiptFor(() => acknowledged.push(n)));
  assert.deepEqual(acknowledged, [0], "no more than three wait");
  receipts[1]!.confirm();
  assert.deepEqual(acknowledged, [0, 1]);
  await until("the others in time", () => acknowledged.length === 4);
  assert.equal(unstored, 3);
  for (let n = 4; n < 8; n++) deferred.receiptFor(() => acknowledged.push(n));
  await until("them too", () => acknowledged.length === 8);
  assert.equal(deferred.stores, false);
  const late = deferred.receiptFor(() => acknowledged.push(8));
  assert.equal(acknowledged.at(-1), 8, "at once");
  late.confirm();
  assert.equal(deferred.stores, true);
  deferred.receiptFor(() => acknowledged.push(9));
  assert.equal(acknowledged.at(-1), 8, "waits again");
  deferred.close();
});

test("a call that is too large for the server is halved, and the smaller size is remembered", async () => {
  const batch = new BatchSize(1000);
  const sizes: number[] = [];
  const done: number[] = [];
  await batch.run(
    Array.from({ length: 700 }, (_, i) => i),
    async (part) => {
      sizes.push(part.length);
      if (part.length > 100) throw new Error("serviceResult = BadTooManyOperations (0x80100000)");
      done.push(...part);
    },
  );
  assert.deepEqual(sizes, [700, 350, 175, 88, 88, 88, 88, 88, 88, 88, 84]);
  assert.deepEqual(
    done,
    Array.from({ length: 700 }, (_, i) => i),
  );
  assert.equal(batch.size, 88);
  await assert.rejects(
    batch.run([1], () => Promise.reject(new Error("BadTooManyOperations"))),
    /BadTooMany/,
  );
});

test("what the server revises is one sentence", () => {
  const item = {
    key: "a",
    handle: 0,
    tag: { device: "d", metric: "m", nodeId: "i=1" },
    asked: { samplingMs: 100, queueSize: 300 },
    id: 1,
    samplingMs: 500,
    queueSize: 10,
    unfiltered: true,
  };
  const text = revisionNotice({ publishingMs: 100, surviveMs: 30_000 }, { publishingMs: 1000, lifetimeMs: 10_000 }, [
    item,
  ]);
  assert.equal(
    text,
    "The server works otherwise than asked: publishing every 1000 ms in place of 100 ms; keeping the subscription 10 s without us; " +
      "sampling 1 tag every 500 ms, asked 100; keeping 10 values of 1 tag, asked 300: a lost link is bridged up to 5 s; " +
      "without the filter of 1 tag: every change comes.",
  );
  assert.equal(
    revisionNotice({ publishingMs: 100, surviveMs: 30_000 }, { publishingMs: 100, lifetimeMs: 60_000 }, [
      { ...item, samplingMs: 100, queueSize: 300, unfiltered: false },
    ]),
    "",
  );
});

test("a server that answers Republish with an empty message does not have it", async () => {
  const session = new FakeSession();
  const { subscription, got, missed } = await subscribe(session);
  await session.send(1, [1]);
  for (const number of [2, 3]) session.kept.set(number, message(0, true));
  assert.equal(await subscription.resume(), "");
  assert.deepEqual(session.asked, [2]);
  await session.send(4, [2, 4]);
  assert.deepEqual([got, missed], [[1, 4], [2]]);
});

test("BadNoSubscription is about subscriptions that there were when Publish was sent", async () => {
  const session = new FakeSession();
  const first = await subscribe(session);
  const before = session.publishes.splice(0);
  await first.subscription.close();
  const later: string[] = [];
  const received = (): void => undefined;
  first.loop.add({ id: 8, keepAliveMs: 5000, received, lost: (reason) => later.push(reason) });
  for (const { answer } of before) answer(fault("BadNoSubscription"));
  await turn();
  assert.deepEqual([first.lost, later], [[], []]);
  await until("Publish to be asked again", () => session.publishes.length > 0);
  session.publishes.shift()!.answer(fault("BadNoSubscription"));
  await turn();
  assert.deepEqual(later, ["BadNoSubscription"]);
});

test("a subscription that is closed while it is taken up is not served again", async () => {
  const session = new FakeSession();
  const { subscription } = await subscribe(session);
  await session.send(1, [1]);
  let answer: Answer | undefined;
  session.performMessageTransaction = (request, done) => {
    if (request instanceof opcua.RepublishRequest) answer = done;
    else FakeSession.prototype.performMessageTransaction.call(session, request, done);
  };
  const resumed = subscription.resume();
  await subscription.close();
  for (const { answer: end } of session.publishes.splice(0))
    end(null, { subscriptionId: 7, notificationMessage: message(2, true) });
  await turn();
  answer!(fault("BadMessageNotAvailable"));
  assert.equal(await resumed, "");
  await turn();
  assert.equal(session.publishes.length, 0);
});
