import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../support/sparkplug/differential.ts";

test("mutated payloads come to what two other decoders make of them (npm run fuzz goes on for millions)", () => {
  const { same, refused, undecided } = fuzz(20_261_124, 40_000);
  assert.ok(same > 5000 && refused > 5000, `same ${same}, refused ${refused}, undecided ${undecided}`);
});
