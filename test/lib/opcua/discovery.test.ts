import assert from "node:assert/strict";
import { test } from "node:test";
import { Endpoint, findServers, readStandIns } from "../../../lib/opcua/index.ts";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startTestServer } from "../../support/opcua-server.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";

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

test("servers that a server knows are found with it; those of its redundant set are offered as stand-ins", async (t) => {
  const [one, two, three] = await freePorts(3);
  const second = await startTestServer({ port: two!, applicationUri: "urn:test:second" });
  const urls = { "urn:test:second": second.url, "urn:test:off": `opc.tcp://127.0.0.1:${three}/off` };
  const first = await startTestServer({ port: one!, applicationUri: "urn:test:first", peers: urls });
  const pkiFolder = temporaryFolder(t);
  const endpoint = new Endpoint({ name: "PLC", url: first.url, pkiFolder });
  t.after(async () => {
    await endpoint.close();
    await Promise.all([first.close(), second.close()]);
  });
  const found = await findServers(`127.0.0.1:${one}`, pkiFolder);
  assert.deepEqual(
    found.map(({ applicationUri, endpoints }) => [applicationUri, endpoints.length]),
    [
      ["urn:test:first", 1],
      ["urn:test:second", 1],
      ["urn:test:off", 0],
    ],
  );
  assert.match(found[2]!.problem, /connection refused/);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const standIns = await endpoint.withSession((session) => readStandIns(session, first.url, pkiFolder));
  assert.deepEqual(standIns.toSorted(), Object.values(urls).toSorted());
});
