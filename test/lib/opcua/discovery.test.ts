import assert from "node:assert/strict";
import { test } from "node:test";
import { findServers } from "../../../lib/opcua/index.ts";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startTestServer } from "../../support/opcua-server.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";

test("a server's ways to connect: the safest first, how users sign in, its certificate", async (t) => {
  const [port, silent] = await freePorts(2);
  const server = await startTestServer({ port: port!, secure: true, users: { operator: "x" } });
  t.after(() => server.close());
  const pki = temporaryFolder(t);
  const [found, ...others] = await findServers(`127.0.0.1:${port}`, pki);
  assert.deepEqual(others, []);
  assert.equal(found?.applicationUri, "urn:test:server");
  assert.equal(found.url, server.url);
  assert.equal(found.endpoints.length, 7);
  const [best] = found.endpoints;
  assert.equal(best?.mode, "SignAndEncrypt");
  assert.deepEqual(best.users, ["password", "certificate"]);
  assert.equal(found.endpoints.at(-1)?.mode, "None");
  assert.match(best.certificate?.fingerprint ?? "", /^([\dA-F]{2}:){31}[\dA-F]{2}$/);
  assert.ok(best.certificate!.validTo > Date.now());
  await assert.rejects(findServers(`127.0.0.1:${silent}`, pki), {
    code: "opcua.unreachable",
    message: "connection refused",
  });
  await assert.rejects(findServers("http://plc", pki), { code: "config.invalid", field: "url" });
  await assert.rejects(findServers("", pki), { code: "config.invalid" });
});

test("a server of another maker is found too", async (t) => {
  if (missing(t, "asyncua for Python", asyncuaPython)) return;
  const [port] = await freePorts(1);
  const server = await startAsyncua(port!);
  t.after(() => server.stop());
  const [found] = await findServers(`opc.tcp://127.0.0.1:${port}`, temporaryFolder(t));
  assert.ok(found!.endpoints.some(({ mode, users }) => mode === "None" && users.includes("anonymous")));
});
