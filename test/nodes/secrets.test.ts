import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { processHealth } from "../../lib/plant/index.ts";
import { defineNode } from "../../nodes/frame/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";

const ADDRESS = "postgres://plant:S3cret@db.local:5432/plant?token=S3cret";

/** A node that fails as its message says: with an error of ours over a foreign one, or with a foreign one. */
function failing(RED: NodeAPI): void {
  defineNode(RED, "failing", (node) => {
    const off = node.plant.health.add(() => ({
      kind: "failing",
      name: "failing",
      status: "down",
      mode: "external",
      detail: `no answer from ${ADDRESS}`,
      counters: {},
      gauges: {},
    }));
    return {
      input({ payload }) {
        const foreign = new Error(`connect ${ADDRESS}`, { cause: new Error(ADDRESS) });
        if (payload === "foreign") throw foreign;
        throw new FplusError("database.unreachable", `no answer from ${ADDRESS}`, {
          field: "host",
          status: "08006",
          hint: "Start it.",
          cause: foreign,
        });
      },
      close: off,
    };
  });
}

test("passwords of addresses reach no Catch node, in no link of an error's chain, and no health page", async (t) => {
  const flow = [
    { id: "tab", type: "tab" },
    { id: "f", z: "tab", type: "failing", wires: [] },
    { id: "errors", z: "tab", type: "catch", scope: null, wires: [["caught"]] },
    { id: "caught", z: "tab", type: "helper" },
  ];
  const node = await loadFlow(temporaryFolder(t), [failing], flow);
  const caught = async (payload: string): Promise<Record<string, unknown>> => {
    const next = nextMessage(node("caught"));
    node("f").receive({ payload });
    return (await next)["error"] as Record<string, unknown>;
  };
  const ours = await caught("ours");
  assert.match(String(ours["message"]), /no answer from postgres:\/\/plant:\*{3}@db\.local:5432/);
  const { code, field, status, hint } = ours["cause"] as FplusError;
  assert.deepEqual([code, field, status, hint], ["database.unreachable", "host", "08006", "Start it."]);
  for (const error of [ours, await caught("foreign")]) {
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /S3cret/);
  }
  const [part] = processHealth.snapshot().filter(({ kind }) => kind === "failing");
  assert.equal(part?.detail, "no answer from postgres://plant:***@db.local:5432/plant?token=***");
  await unloadFlow();
});
