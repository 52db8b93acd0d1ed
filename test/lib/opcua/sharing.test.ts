import assert from "node:assert/strict";
import { test } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import { Endpoint, Monitor, type Tag, Writer } from "../../../lib/opcua/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { COUNTER_NAMESPACE, startTestServer } from "../../support/opcua-server.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { openEndpoint } from "./rig.ts";

/** A listener that keeps what it hears: errors by their message, notices as they are. */
function ear(): { errors: string[]; onError: (error: unknown) => void } {
  const errors: string[] = [];
  return { errors, onError: (error) => errors.push(error instanceof FplusError ? error.message : String(error)) };
}

test("all who listen are told; who has gone is not, and a lasting failure is told to who comes later", async (t) => {
  const [port] = await freePorts(1);
  const endpoint = openEndpoint(t, `opc.tcp://127.0.0.1:${port}`, { patienceMs: 0 });
  const attempts = (): number => endpoint.health().counters["attempts"] ?? 0;
  const [first, second, late] = [ear(), ear(), ear()];
  endpoint.listen(first);
  const stop = endpoint.listen(second);
  endpoint.start();
  await until("both told", () => first.errors.length === 1 && second.errors.length === 1);
  assert.deepEqual(second.errors, first.errors);
  const told = attempts();
  await until("more attempts", () => attempts() >= told + 2);
  assert.equal(first.errors.length, 1, "a failure that lasts is said once");
  stop();
  endpoint.listen(late);
  assert.deepEqual(late.errors, first.errors, "at once");
  const again = attempts();
  await until("more attempts", () => attempts() >= again + 2);
  for (const { errors } of [first, second, late]) assert.equal(errors.length, 1);
});

test("what is said while nobody listens waits for who listens next", async (t) => {
  const [port] = await freePorts(1);
  const server = await startTestServer({ port: port! });
  t.after(() => server.close());
  const endpoint = new Endpoint({ name: "PLC", url: server.url, pkiFolder: temporaryFolder(t) });
  t.after(() => endpoint.close());
  let failed = 0;
  endpoint.use({
    connected: () => Promise.reject(new FplusError("opcua.event", `failure ${++failed}`)),
    disconnected: () => undefined,
  });
  endpoint.start();
  // The first failure costs the session, because another may serve; the second is that user's own.
  await until("both failures", () => failed === 2);
  await until("a session", () => endpoint.state === "up");
  const [first, second] = [ear(), ear()];
  endpoint.listen(first);
  endpoint.listen(second);
  assert.deepEqual(first.errors, ["failure 1", "failure 2"]);
  assert.deepEqual(second.errors, []);
});

test("writers use the names of a reader for as long as one of its kind has them", async (t) => {
  const [port] = await freePorts(1);
  const server = await startTestServer({ port: port! });
  t.after(() => server.close());
  const endpoint = openEndpoint(t, server.url);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const tag = (metric: string, i: number): Tag => ({
    device: "Press",
    metric,
    nodeId: `nsu=${COUNTER_NAMESPACE};s=Count${i}`,
  });
  const writer = new Writer(endpoint);
  const status = async (target: string): Promise<string> => (await writer.write([{ target, value: 1 }]))[0]!.status;
  const options = { publishingMs: 100, samplingMs: 0, queueSize: 10, enumTexts: true, onBatch: () => undefined };
  assert.match(await status("Press/Speed"), /no reader of this endpoint knows it/);
  const table = [tag("Speed", 0), tag("Load", 1)];
  const monitors = [new Monitor(endpoint, table, options), new Monitor(endpoint, table, options)];
  t.after(() => Promise.all(monitors.map((monitor) => monitor.close())));
  assert.equal(await status("Press/Speed"), "Good");
  assert.equal(endpoint.names.nameOf(table[1]!.nodeId), "Press/Load");
  await monitors[0]!.close();
  assert.equal(await status("Press/Speed"), "Good", "the other one has the same table");
  await monitors[1]!.update([tag("Load", 1)], options);
  assert.match(await status("Press/Speed"), /no reader/, "a table that changes takes its old names along");
  assert.equal(await status("Press/Load"), "Good");
  await monitors[1]!.close();
  assert.match(await status("Press/Load"), /no reader/);

  await assert.rejects(
    endpoint.withSession((session) => session.read(Array.from({ length: 20_000 }, () => ({ nodeId: "i=1" })))),
    (error: FplusError) => error.code === "opcua.session" && /BadTooManyOperations/.test(error.message),
  );
  const forget = endpoint.names.add([tag("Own", 2)]);
  assert.equal(await status("Press/Own"), "Good");
  forget();
  forget();
  assert.equal(endpoint.names.nodeIdOf("Press/Own"), undefined);
});
