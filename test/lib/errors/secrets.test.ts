import assert from "node:assert/strict";
import { test } from "node:test";
import { FplusError, messageOf, toFplusError, withoutSecrets } from "../../../lib/errors/index.ts";

test("what an error says has no passwords of addresses in it", () => {
  const address = "postgres://plant:S3cret/p@ss@db.local:5432/plant";
  const error = new FplusError("database.unreachable", `no answer from ${address}`, { field: address, hint: address });
  for (const text of [error.message, error.field, error.hint, error.describe(), error.stack]) {
    assert.match(text ?? "", /plant:\*{3}@db\.local:5432\/plant/);
    assert.doesNotMatch(text ?? "", /S3cret|p@ss/);
  }
  const foreign = new Error(`Invalid URL: ${address}`);
  assert.doesNotMatch(messageOf(foreign), /S3cret/);
  assert.doesNotMatch(toFplusError("database.unreachable", foreign).message, /S3cret/);
});

test("keys in addresses are hidden, the rest of the address stays", () => {
  assert.equal(withoutSecrets("http://h:8086/write?db=p&u=me&p=S3cret&q=1"), "http://h:8086/write?db=p&u=me&p=***&q=1");
  assert.equal(withoutSecrets("redis://:S3cret@h:6379"), "redis://:***@h:6379");
  assert.equal(withoutSecrets("http://h/a?X-Amz-Signature=abc&x=1"), "http://h/a?X-Amz-Signature=***&x=1");
  for (const plain of ["http://h:9000/a@b", "opc.tcp://h:4840", "a: b@c", "mqtt://h:1883 for me@plant"])
    assert.equal(withoutSecrets(plain), plain);
});

test("a hostile text takes no time that grows with its square", () => {
  assert.ok(withoutSecrets("a://b:".repeat(1_000_000)).length <= 8000);
});
