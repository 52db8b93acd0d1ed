import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { copyFileSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import {
  Endpoint,
  type EndpointOptions,
  openApplication,
  renewApplication,
  securityWarning,
  type UserToken,
  type SecurityMode,
  type SecurityPolicy,
} from "../../../lib/opcua/index.ts";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../../support/opcua-server.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";

async function serverFor(t: TestContext, options: Omit<TestServerOptions, "port"> = {}): Promise<TestServer> {
  const [port] = await freePorts(1);
  const server = await startTestServer({ ...options, port: port! });
  t.after(() => server.close());
  return server;
}

/** Tries to connect; the error that comes of it, or undefined once there is a session. */
async function attempt(
  t: TestContext,
  url: string,
  options: Partial<EndpointOptions>,
): Promise<FplusError | undefined> {
  const errors: unknown[] = [];
  const endpoint = new Endpoint({
    name: "PLC",
    url,
    pkiFolder: temporaryFolder(t),
    ...options,
  });
  endpoint.listen({ onError: (error) => errors.push(error) });
  endpoint.start();
  try {
    await until("a session or an error", () => endpoint.state === "up" || errors.length > 0);
    if (endpoint.state !== "up") {
      assert.ok(errors[0] instanceof FplusError, String(errors[0]));
      return errors[0];
    }
    const value = await endpoint.withSession((session) => session.read({ nodeId: "i=2258", attributeId: 13 }));
    assert.ok(value.statusCode.isGood());
    return undefined;
  } finally {
    await endpoint.close();
  }
}

test("every policy and mode of a server", async (t) => {
  const server = await serverFor(t, { secure: true });
  const pkiFolder = temporaryFolder(t);
  for (const securityMode of ["Sign", "SignAndEncrypt"] as const)
    for (const securityPolicy of ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"] as const)
      assert.equal(
        await attempt(t, server.url, { securityMode, securityPolicy, pkiFolder }),
        undefined,
        `${securityMode} ${securityPolicy}`,
      );
  assert.equal(await attempt(t, server.url, { pkiFolder }), undefined);
  const refused = await attempt(t, server.url, { securityMode: "Sign", securityPolicy: "Basic256", pkiFolder });
  assert.match(refused?.describe() ?? "", /does not offer Sign with Basic256/);
});

test("withdrawn policies still work with servers that have nothing better", async (t) => {
  const server = await serverFor(t, { secure: true, withdrawn: true });
  const pkiFolder = temporaryFolder(t);
  for (const securityPolicy of ["Basic256", "Basic128Rsa15"] as const) {
    const failed = await attempt(t, server.url, { securityMode: "SignAndEncrypt", securityPolicy, pkiFolder });
    assert.equal(failed, undefined, `${securityPolicy}: ${failed?.describe()}`);
  }
});

test("what is no choice of security is refused by its field, and never taken for none", () => {
  const choose = (securityMode: string, securityPolicy: string) => () =>
    new Endpoint({
      name: "PLC",
      url: "opc.tcp://127.0.0.1:1",
      securityMode: securityMode as SecurityMode,
      securityPolicy: securityPolicy as SecurityPolicy,
      pkiFolder: "unused",
    });
  const refused = { code: "config.invalid", field: "securityPolicy" };
  assert.throws(choose("signandencrypt", "Basic256Sha256"), { code: "config.invalid", field: "securityMode" });
  assert.throws(choose("constructor", "None"), { code: "config.invalid", field: "securityMode" });
  assert.throws(choose("SignAndEncrypt", "Basic512"), refused);
  assert.throws(choose("SignAndEncrypt", "None"), refused);
  assert.throws(choose("None", "Basic256Sha256"), refused);
  assert.doesNotThrow(choose("Sign", "Basic256Sha256"));
});

test("what a choice of security is worth is said", () => {
  assert.match(securityWarning("None", "None", true), /No security.*who signs in/);
  assert.match(securityWarning("Sign", "Basic128Rsa15", false), /withdrawn/);
  assert.equal(securityWarning("SignAndEncrypt", "Basic256Sha256", true), "");
});

test("user and password, and what is said when they are wrong", async (t) => {
  const server = await serverFor(t, { secure: true, users: { operator: "geheim" } });
  const common = {
    securityMode: "SignAndEncrypt",
    securityPolicy: "Basic256Sha256",
    pkiFolder: temporaryFolder(t),
  } as const;
  assert.equal(await attempt(t, server.url, { ...common, user: { name: "operator", password: "geheim" } }), undefined);
  assert.equal(await attempt(t, server.url, { user: { name: "operator", password: "geheim" } }), undefined);
  const wrong = await attempt(t, server.url, { ...common, user: { name: "operator", password: "falsch" } });
  assert.match(wrong?.describe() ?? "", /Check user name and password/);
  const anonymous = await attempt(t, server.url, common);
  assert.match(anonymous?.describe() ?? "", /sign in/i);
  assert.ok(!JSON.stringify([wrong?.describe(), anonymous?.describe()]).includes("falsch"));
});

test("a user's certificate: pasted, from files, with an encrypted key; and what is said when it is wrong", async (t) => {
  const folder = temporaryFolder(t);
  const user = await makeCertificate(folder, { name: "operator", applicationUri: "urn:test:user", user: true });
  const userPkiFolder = path.join(folder, "users");
  mkdirSync(path.join(userPkiFolder, "trusted/certs"), { recursive: true });
  copyFileSync(user.certificateFile, path.join(userPkiFolder, "trusted/certs/operator.pem"));
  const server = await serverFor(t, { secure: true, userPkiFolder });
  const tried = (token: UserToken): Promise<FplusError | undefined> =>
    attempt(t, server.url, {
      securityMode: "SignAndEncrypt",
      securityPolicy: "Basic256Sha256",
      pkiFolder: path.join(folder, "client"),
      user: token,
    });
  assert.equal(await tried({ certificate: user.certificate, key: user.key }), undefined);
  const oneLine = user.key.replaceAll("\n", " ");
  assert.equal(await tried({ certificate: user.certificateFile, key: oneLine }), undefined);
  const encrypted = createPrivateKey(user.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "sesam",
  });
  const locked = { certificate: user.certificate, key: String(encrypted) };
  assert.equal(await tried({ ...locked, passphrase: "sesam" }), undefined);
  for (const token of [locked, { ...locked, passphrase: "falsch" }])
    assert.match((await tried(token))?.message ?? "", /encrypted, and the passphrase is missing or wrong/);
  const stranger = await makeCertificate(folder, { name: "stranger", user: true });
  assert.match(
    (await tried({ certificate: stranger.certificate, key: stranger.key }))?.describe() ?? "",
    /certificate/,
  );
  assert.equal((await tried({ certificate: user.certificate, key: stranger.key }))?.field, "userKey");
  assert.equal((await tried({ certificate: "/nowhere.pem", key: user.key }))?.field, "userCertificate");
  assert.equal((await tried({ certificate: user.certificate, key: "" }))?.code, "opcua.identity");
});

test("our certificate: made once, its key for us alone, the application's name the same after a renewal", async (t) => {
  const folder = temporaryFolder(t);
  const [first, second] = await Promise.all([openApplication(folder), openApplication(folder)]);
  assert.equal(first.certificate.thumbprint, second.certificate.thumbprint);
  assert.match(first.applicationUri, /^urn:factory-plus:node-red:[\da-f-]{36}$/);
  assert.equal(first.certificate.applicationUri, first.applicationUri);
  assert.equal(statSync(path.join(folder, "own/private/private_key.pem")).mode & 0o777, 0o600);
  const renewed = await renewApplication(folder);
  assert.notEqual(renewed.certificate.thumbprint, first.certificate.thumbprint);
  assert.equal(renewed.applicationUri, first.applicationUri);
  assert.equal((await openApplication(folder)).certificate.thumbprint, renewed.certificate.thumbprint);
});

test("a server of another maker: every policy, user and password, its certificate pinned", async (t) => {
  if (missing(t, "asyncua for Python", asyncuaPython)) return;
  const [port] = await freePorts(1);
  const own = await makeCertificate(temporaryFolder(t), { name: "boiler", applicationUri: "urn:test:asyncua" });
  const server = await startAsyncua(port!, own);
  t.after(() => server.stop());
  const pkiFolder = temporaryFolder(t);
  const user = { name: "operator", password: "geheim" };
  for (const [securityMode, securityPolicy] of [
    ["Sign", "Basic256Sha256"],
    ["SignAndEncrypt", "Aes128_Sha256_RsaOaep"],
    ["SignAndEncrypt", "Aes256_Sha256_RsaPss"],
  ] as const) {
    const failed = await attempt(t, server.url, { securityMode, securityPolicy, pkiFolder, user });
    assert.equal(failed, undefined, `${securityMode} ${securityPolicy}: ${failed?.describe()}`);
  }
  const secure = { securityMode: "SignAndEncrypt", securityPolicy: "Basic256Sha256", pkiFolder } as const;
  const wrong = await attempt(t, server.url, { ...secure, user: { name: "operator", password: "falsch" } });
  assert.match(wrong?.describe() ?? "", /refuses the user/);
  await server.stop();
  const other = await makeCertificate(temporaryFolder(t), { name: "boiler", applicationUri: "urn:test:asyncua" });
  const replaced = await startAsyncua(port!, other);
  t.after(() => replaced.stop());
  assert.match((await attempt(t, replaced.url, { ...secure, user }))?.describe() ?? "", /certificate has changed/);
});
