import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as always, integer, property, string } from "fast-check";
import { addressMistake, checkTags, formatStep, parseBrowsePath } from "../../../lib/opcua/index.ts";

test("a browse path is read step by step, with namespaces by index or URI and escaped characters", () => {
  assert.deepEqual(parseBrowsePath("/Objects/2:Line.2:Speed"), [
    { reference: "/", namespace: 0, name: "Objects" },
    { reference: "/", namespace: 2, name: "Line" },
    { reference: ".", namespace: 2, name: "Speed" },
  ]);
  assert.deepEqual(parseBrowsePath("/Objects/nsu=http://acme.com/UA/;Line 1/nsu=http://acme.com/UA/;Set&.Point"), [
    { reference: "/", namespace: 0, name: "Objects" },
    { reference: "/", namespace: "http://acme.com/UA/", name: "Line 1" },
    { reference: "/", namespace: "http://acme.com/UA/", name: "Set.Point" },
  ]);
});

test("what is no path is told with the place where it ends to be one", () => {
  assert.equal(parseBrowsePath("Objects"), "is no browse path like /Objects/2:Line/2:Speed");
  assert.equal(parseBrowsePath("/Objects//Line"), 'cannot be read from "//Line" on');
  assert.equal(parseBrowsePath("/Objects/<HasComponent>Line"), 'cannot be read from "/<HasComponent>Line" on');
  assert.match(addressMistake("/Objects/2:Line/")!, /cannot be read from/);
  assert.match(addressMistake("ns=2;x=1")!, /no NodeId/);
  assert.deepEqual(
    checkTags([{ device: "D", metric: "M", nodeId: " /Objects/2:Line " }]).tags[0]?.nodeId,
    "/Objects/2:Line",
  );
});

test("every name comes back from the step it was written as", () => {
  const namespaces = ["http://opcfoundation.org/UA/", "urn:server", "http://acme.com/UA/", "urn:with;semicolon"];
  always(
    property(string({ minLength: 1 }), integer({ min: 0, max: 3 }), (name, index) => {
      const steps = parseBrowsePath(`/Objects${formatStep(name, index, namespaces)}`);
      // A path is trimmed as a whole; blanks at its end are no part of it.
      if (name.trimEnd() !== name || typeof steps === "string") return name.trimEnd() !== name;
      const { namespace, name: read } = steps[1]!;
      return read === name && (typeof namespace === "number" ? namespace : namespaces.indexOf(namespace)) === index;
    }),
  );
});
