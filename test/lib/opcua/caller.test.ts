import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { callMethod, type Endpoint, methodArguments } from "../../../lib/opcua/index.ts";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { openEndpoint, openSimulator } from "./rig.ts";

async function connected(t: TestContext, url: string): Promise<Endpoint> {
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("session", () => endpoint.state === "up");
  return endpoint;
}

test("a method of another maker's server: its arguments, and a call with them by name and in order", async (t) => {
  if (missing(t, "asyncua for Python", asyncuaPython)) return;
  const [port] = await freePorts(1);
  const server = await startAsyncua(port!);
  t.after(() => server.stop());
  const endpoint = await connected(t, server.url);
  const multiply = {
    object: "nsu=urn:example:boiler-house;s=Boiler7",
    method: "nsu=urn:example:boiler-house;s=Multiply",
  };
  assert.deepEqual(await methodArguments(endpoint, multiply), {
    inputs: [
      { name: "factor", type: "Double", description: "the factor" },
      { name: "times", type: "Int64", description: "the times" },
    ],
    outputs: [
      { name: "product", type: "Double", description: "the product" },
      { name: "several", type: "Boolean", description: "the several", choices: ["true", "false"] },
    ],
  });
  const byName = await callMethod(endpoint, multiply, { times: "3", factor: 2.5 });
  assert.deepEqual([byName.status, { ...byName.outputs }], ["Good", { product: 7.5, several: true }]);
  assert.equal((await callMethod(endpoint, multiply, [-4, 1n])).outputs["product"], -4);
  const refused: [Parameters<typeof callMethod>[2], RegExp][] = [
    [[1], /1 arguments given, the method takes 2 \(factor, times\)/],
    [{ factor: 1, time: 2 }, /the method has no argument of that name/],
    [{ factor: 1 }, /times: there is no value/],
    [["much", 2], /factor: string much is no Double/],
  ];
  for (const [given, message] of refused)
    await assert.rejects(callMethod(endpoint, multiply, given), { code: "opcua.call", message });
  await assert.rejects(
    callMethod(endpoint, { ...multiply, method: "ns=2;s=Nowhere" }, []),
    /the server answered BadNodeIdInvalid/,
  );
  await assert.rejects(callMethod(endpoint, { ...multiply, object: "Boiler7" }, []), /no NodeId/);
});

test("a method of the simulator acts on its machine", async (t) => {
  const { url, simulator } = await openSimulator(t, 169);
  const endpoint = await connected(t, url);
  const press = simulator.model.machines[0]!.machine;
  const object = `ns=1;s=${press.name}`;
  assert.deepEqual((await methodArguments(endpoint, { object, method: `${object}.TriggerFault` })).inputs, [
    { name: "Code", type: "UInt16", description: "1 to 65535" },
  ]);
  await callMethod(endpoint, { object, method: `${object}.TriggerFault` }, [17]);
  assert.equal(press.faultCode, 17);
  await callMethod(endpoint, { object, method: `${object}.ResetFault` }, {});
  await until("reset", () => press.faultCode === 0);
});

test("arguments that are structures, enumerations and arrays: described for a form, and given as JSON", async (t) => {
  const { url } = await openSimulator(t, 169);
  const endpoint = await connected(t, url);
  const target = { object: "ns=1;s=Oven01", method: "ns=1;s=Oven01.LoadRecipe" };
  const { inputs, outputs } = await methodArguments(endpoint, target);
  assert.deepEqual(inputs, [
    {
      name: "Recipe",
      type: "Recipe",
      description: "the new recipe",
      example: { Name: "", Mode: "Manual", Parts: 0, Steps: [{ Temperature: 0, Seconds: 0 }] },
    },
    { name: "Mode", type: "Int32", description: "how it is run", choices: ["Manual", "Automatic", "Cleaning"] },
    { name: "Offsets", type: "Int32[]", description: "correction of each zone, °C", example: [0] },
  ]);
  assert.deepEqual(
    outputs.map(({ name, type }) => [name, type]),
    [
      ["Seconds", "UInt32"],
      ["Name", "String"],
    ],
  );
  const Recipe = { Name: "Rolls", Mode: "Automatic", Parts: 20, Steps: [{ Temperature: 190, Seconds: 60 }] };
  const called = await callMethod(endpoint, target, {
    Recipe: JSON.stringify(Recipe),
    Mode: "Cleaning",
    Offsets: "[1, 2]",
  });
  assert.deepEqual({ ...called.outputs }, { Seconds: 60, Name: "Rolls" });
  await assert.rejects(callMethod(endpoint, target, { Recipe: { ...Recipe, Steps: 1 }, Mode: 0, Offsets: [] }), {
    code: "opcua.call",
    field: "Recipe",
    message: "Recipe: Steps: the field takes an array",
  });
});
