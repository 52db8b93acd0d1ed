import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { callMethod, type Endpoint, Monitor, Poller, resolveAddresses, Writer } from "../../../lib/opcua/index.ts";
import type { SampleBatch } from "../../../lib/sample/index.ts";
import { signals } from "../../../lib/sample/index.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { startLineServer } from "./line-server.ts";
import { openEndpoint, openSimulator } from "./rig.ts";

const [SHORT, LONG] = ["urn:acme", "http://acme.com/UA/line"] as const;

async function up(t: TestContext, url: string, onError?: (error: unknown) => void): Promise<Endpoint> {
  const endpoint = openEndpoint(t, url, onError === undefined ? {} : { onError });
  endpoint.start();
  await until("the session", () => endpoint.state === "up");
  return endpoint;
}

test("a path that leads nowhere is told by the step that is not there, the others are found", async (t) => {
  const { url } = await openSimulator(t, 169);
  const endpoint = await up(t, url);
  const line = "/Objects/1:Acme/1:Sheffield/1:Machining/1:Line1";
  const found = await endpoint.withSession((session, limits, opcua) =>
    resolveAddresses(session, { ...limits, nodesPerTranslate: 2 }, opcua, [
      `${line}/1:Press01/1:Temperature`,
      "ns=1;s=Press01.Load",
      `${line}/1:Pres/1:Temperature`,
      "nsu=urn:nobody;s=X",
      "/Nowhere",
      `/Objects/nsu=urn:nobody;X`,
    ]),
  );
  assert.deepEqual(found.map(String), [
    "ns=1;s=Press01.Temperature",
    "ns=1;s=Press01.Load",
    "1:Pres is not there below 1:Line1",
    "the server has no namespace of that URI",
    "the path leads nowhere (BadNoMatch)",
    "the server has no namespace urn:nobody",
  ]);
});

test("writes and calls take browse paths", async (t) => {
  const { url } = await openSimulator(t, 169);
  const endpoint = await up(t, url);
  const press = "/Objects/1:Acme/1:Sheffield/1:Machining/1:Line1/1:Press01";
  const [wear] = await new Writer(endpoint).write([{ target: `${press}/1:Condition/1:ToolWear`, value: 10 }]);
  assert.deepEqual([wear?.status, wear?.nodeId], ["Good", "ns=1;s=Press01.Condition.ToolWear"]);
  const called = await callMethod(endpoint, { object: press, method: `${press}/1:ResetFault` }, []);
  assert.equal(called.status, "Good");
});

for (const kind of ["subscribed", "polled"] as const) {
  test(`tags by path and by namespace URI survive another order of namespaces, ${kind}`, async (t) => {
    const [port] = await freePorts(1);
    let server = await startLineServer(t, port!, [SHORT, LONG]);
    const errors: unknown[] = [];
    const endpoint = await up(t, server.url, (error) => errors.push(error));
    const newest = new Map<string, unknown>();
    const options = {
      enumTexts: true,
      onError: (error: unknown) => errors.push(error),
      onBatch: (batch: SampleBatch) => {
        for (let i = 0; i < batch.length; i++) newest.set(signals.get(batch.signal[i]!).metric, batch.value(i));
      },
    };
    const tags = [
      { device: "A", metric: `short ${kind}`, nodeId: `/Objects/nsu=${SHORT};Line/nsu=${SHORT};Speed` },
      { device: "A", metric: `long ${kind}`, nodeId: `/Objects/nsu=${LONG};Line.nsu=${LONG};Set&.Point` },
      { device: "A", metric: `by id ${kind}`, nodeId: `nsu=${LONG};i=1001` },
    ];
    const reader =
      kind === "polled"
        ? new Poller(endpoint, tags, { ...options, everyMs: 100 })
        : new Monitor(endpoint, tags, { ...options, publishingMs: 50, samplingMs: 0, queueSize: 5 });
    t.after(() => reader.close());
    endpoint.use(reader);
    const arrived = (): boolean =>
      newest.get(`short ${kind}`) === SHORT.length && newest.get(`long ${kind}`) === LONG.length && newest.size === 3;
    await until("the values", arrived);
    assert.equal(newest.get(`by id ${kind}`), LONG.length);
    await server.stop();
    newest.clear();
    server = await startLineServer(t, port!, [LONG, SHORT]);
    await until("the values of the other order", arrived);
    assert.equal(newest.get(`by id ${kind}`), LONG.length);
    assert.deepEqual(
      errors.filter((error) => /cannot be read/.test(String(error))),
      [],
    );
  });
}
