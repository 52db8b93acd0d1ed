import assert from "node:assert/strict";
import { test } from "node:test";
import { contentTypeOf, sniff } from "../../../lib/objects/content-type.ts";

const PNG = Buffer.from("89504e470d0a1a0a", "hex");
const ZIP = Buffer.from("504b030414000600", "hex");

test("the first bytes tell what many files are", () => {
  assert.equal(sniff(PNG), "image/png");
  assert.equal(sniff(ZIP), "application/zip");
  assert.equal(sniff(Buffer.from("%PDF-1.7")), "application/pdf");
  assert.equal(sniff(Buffer.concat([Buffer.from("RIFF1234WAVE")])), "audio/wav");
  assert.equal(sniff(Buffer.from("  <!doctype HTML><p>")), "text/html");
  assert.equal(sniff(Buffer.from('<?xml version="1.0"?>\n<!-- by hand -->\n<svg/>')), "image/svg+xml");
  assert.equal(sniff(Buffer.from('{"a":1}')), undefined);
  assert.equal(sniff(Buffer.alloc(0)), undefined);
});

test("without a word the content decides, then the name", () => {
  assert.equal(contentTypeOf("x.txt", PNG, undefined), "image/png");
  assert.equal(contentTypeOf("a/b.JSON", Buffer.from("{}"), ""), "application/json");
  assert.equal(contentTypeOf("unknown", Buffer.from("hello"), undefined), "application/octet-stream");
  assert.equal(contentTypeOf("a.constructor", Buffer.from("x"), undefined), "application/octet-stream");
});

test("what is declared must not contradict the content", () => {
  const sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  assert.equal(contentTypeOf("x", ZIP, sheet), sheet);
  assert.equal(contentTypeOf("x", PNG, "application/octet-stream"), "application/octet-stream");
  assert.equal(contentTypeOf("x", Buffer.from("BMW;1;2"), "text/csv; charset=utf-8"), "text/csv; charset=utf-8");
  for (const [head, type] of [
    [PNG, "image/jpeg"],
    [ZIP, "text/plain"],
    [Buffer.from("MZ\u0090"), "image/png"],
    [Buffer.from("hello"), "application/pdf"],
    [Buffer.from("x"), "not a type"],
    [Buffer.from("x"), "text/plain\r\nX-Evil: 1"],
  ] as [Buffer, string][]) {
    assert.throws(() => contentTypeOf("x", head, type), { code: "objects.content-type", field: "contentType" }, type);
  }
});

test("a list of allowed types holds for what a browser would make of the content", () => {
  const allow = ["image/*", "text/plain", "application/json"];
  assert.equal(contentTypeOf("x.png", PNG, undefined, allow), "image/png");
  assert.equal(
    contentTypeOf("x", Buffer.from("note"), "text/plain; charset=utf-8", allow),
    "text/plain; charset=utf-8",
  );
  for (const [head, type] of [
    [ZIP, undefined],
    [Buffer.from("<html><script>"), "text/plain"],
    [Buffer.from("MZ"), "application/octet-stream"],
  ] as [Buffer, string | undefined][]) {
    assert.throws(() => contentTypeOf("x", head, type, allow), { code: "objects.content-type" });
  }
});
