import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { crypto_utils as crypto } from "node-opcua";
import { FplusError } from "../../../lib/errors/index.ts";
import { type CertificateInfo, describeCertificate, type TrustMode, trustListOf } from "../../../lib/opcua/index.ts";
import { expiryStage, expiryText, splitChain } from "../../../lib/opcua/certificate.ts";
import { ExpiryWatch } from "../../../lib/opcua/expiry.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { temporaryFolder } from "../../support/folder.ts";

const ADDRESS = "plc7:4840";
const DAY = 86_400_000;
const der = (pem: string): Buffer => new X509Certificate(pem).raw;
const infoOf = (pem: string): CertificateInfo => describeCertificate(new X509Certificate(pem));

/** `ok`, `first use`, or the reason of the refusal. */
async function verdict(folder: string, pem: string, mode: TrustMode, address = ADDRESS): Promise<string> {
  try {
    const { firstUse } = await trustListOf(folder).judge(der(pem), address, mode);
    return firstUse ? "first use" : "ok";
  } catch (error) {
    assert.ok(error instanceof FplusError && error.code === "opcua.certificate" && error.field === address);
    assert.notEqual(error.hint, undefined);
    return error.message;
  }
}

test("first use: the first certificate is kept, another one on the same address is refused until it is trusted", async (t) => {
  const folder = temporaryFolder(t);
  const list = trustListOf(folder);
  const first = await makeCertificate(temporaryFolder(t), { name: "PLC 7" });
  const second = await makeCertificate(temporaryFolder(t), { name: "PLC 7" });
  assert.equal(await verdict(folder, first.certificate, "first-use"), "first use");
  assert.equal(await verdict(folder, first.certificate, "first-use"), "ok");
  assert.match(await verdict(folder, second.certificate, "first-use"), /has changed/);
  assert.deepEqual(
    (await list.list()).map(({ state, firstUse, address }) => [state, firstUse, address]),
    [
      ["trusted", true, ADDRESS],
      ["rejected", false, ADDRESS],
    ],
  );
  // Somebody who has a certificate that is known elsewhere does not get in here with it.
  assert.equal(await verdict(folder, second.certificate, "first-use", "plc8:4840"), "first use");
  assert.match(await verdict(folder, second.certificate, "first-use"), /has changed/);

  await list.trust(infoOf(second.certificate).thumbprint);
  assert.equal(await verdict(folder, second.certificate, "first-use"), "ok");
  assert.match(await verdict(folder, first.certificate, "first-use"), /has changed/);
  await list.remove(infoOf(second.certificate).thumbprint);
  assert.equal(await verdict(folder, second.certificate, "first-use"), "first use");
});

test("strict: nobody is let in before a person trusts, and none after one rejects", async (t) => {
  const folder = temporaryFolder(t);
  const list = trustListOf(folder);
  const { certificate } = await makeCertificate(temporaryFolder(t));
  const { thumbprint } = infoOf(certificate);
  assert.match(await verdict(folder, certificate, "strict"), /not trusted yet/);
  assert.match(await verdict(folder, certificate, "strict"), /not trusted yet/);
  await list.trust(thumbprint);
  assert.equal(await verdict(folder, certificate, "strict"), "ok");
  await list.reject(thumbprint);
  assert.match(await verdict(folder, certificate, "strict"), /rejected by hand/);
  assert.match(await verdict(folder, certificate, "first-use"), /rejected by hand/);
  await assert.rejects(list.trust("00"), { code: "opcua.certificate", field: "thumbprint" });
});

test("a file put into trusted/certs counts; damaged files and notes do no harm", async (t) => {
  const folder = temporaryFolder(t);
  const { certificate } = await makeCertificate(temporaryFolder(t));
  mkdirSync(path.join(folder, "trusted/certs"), { recursive: true });
  writeFileSync(path.join(folder, "trusted/certs/by-hand.pem"), certificate);
  writeFileSync(path.join(folder, "trusted/certs/broken.der"), "no certificate");
  writeFileSync(path.join(folder, "trust.json"), '{"pins": 7, "firstUse": [1], "met": {"x": null}');
  assert.equal(await verdict(folder, certificate, "strict"), "ok");
  assert.equal((await trustListOf(folder).list()).length, 1);
});

test("an expired certificate is refused until it is trusted knowingly, one of the future too", async (t) => {
  const folder = temporaryFolder(t);
  const expired = await makeCertificate(temporaryFolder(t), { notBefore: new Date(Date.now() - 40 * DAY), days: 30 });
  const { thumbprint } = infoOf(expired.certificate);
  assert.match(await verdict(folder, expired.certificate, "first-use"), /expired on \d{4}-\d\d-\d\d/);
  await trustListOf(folder).trust(thumbprint);
  assert.equal(await verdict(folder, expired.certificate, "strict"), "ok");
  const early = await makeCertificate(temporaryFolder(t), { notBefore: new Date(Date.now() + 5 * DAY) });
  assert.match(await verdict(folder, early.certificate, "first-use", "plc9:4840"), /not valid yet/);
});

test("a certificate that comes to its end while in use goes on where unknown ones are accepted; not where they are refused", async (t) => {
  const folder = temporaryFolder(t);
  const { certificate } = await makeCertificate(temporaryFolder(t), { days: 2 });
  assert.equal(await verdict(folder, certificate, "first-use"), "first use");
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 3 * DAY });
  assert.equal(await verdict(folder, certificate, "first-use"), "ok");
  assert.match(await verdict(folder, certificate, "strict"), /expired/);
  await trustListOf(folder).trust(infoOf(certificate).thumbprint);
  assert.equal(await verdict(folder, certificate, "strict"), "ok");
});

test("rejected certificates are bounded, the oldest go first", async (t) => {
  const folder = temporaryFolder(t);
  const privateKey = await crypto.generatePrivateKey(2048);
  for (let i = 0; i < 55; i++) {
    const { cert } = await crypto.createSelfSignedCertificate({
      privateKey,
      subject: `/CN=Stranger ${i}`,
      applicationUri: "urn:x",
      dns: [],
      notBefore: new Date(),
      validity: 10,
      purpose: crypto.CertificatePurpose.ForApplication,
    });
    await verdict(folder, cert, "strict", `host${i}:4840`);
  }
  assert.equal(readdirSync(path.join(folder, "rejected/certs")).length, 50);
});

test("warnings 60, 30 and 7 days before the end and when it has come, each once", () => {
  const now = Date.UTC(2026, 5, 1);
  const stages = [61, 59.5, 29.5, 6.5, -1].map((days) => expiryStage(now + days * DAY, now));
  assert.deepEqual(stages, [undefined, 60, 30, 7, 0]);
  assert.equal(expiryText(now + 1.5 * DAY, now), "expires in 1 day (2026-06-02)");
  assert.equal(expiryText(now - DAY, now), "expired on 2026-05-31");
  const watch = new ExpiryWatch();
  watch.use("the server's", { thumbprint: "A", validTo: now } as CertificateInfo);
  const said = [70, 59, 58, 29, 20, 6, 1, -1, -2].map((days) => watch.due(now - days * DAY).length);
  assert.deepEqual(said, [0, 1, 0, 1, 0, 1, 0, 1, 0]);
  assert.match(watch.warning(now - DAY), /the server's certificate expires in 1 day/);
});

test("a chain is split into its certificates; other bytes are refused with a typed error", async (t) => {
  const { certificate } = await makeCertificate(temporaryFolder(t));
  const bytes = der(certificate);
  assert.equal(splitChain(Buffer.concat([bytes, bytes])).length, 2);
  for (const wrong of [
    Buffer.alloc(0),
    Buffer.from("hello there"),
    bytes.subarray(0, 100),
    Buffer.concat([bytes, Buffer.from([0x30])]),
  ])
    assert.throws(() => splitChain(wrong), { code: "opcua.certificate" });
});

test("what a trusted authority has issued is trusted; what it revoked, or another issued, is not", async (t) => {
  const folder = temporaryFolder(t);
  const [authority, stranger] = [await makeAuthority(), await makeAuthority("Plant authority")];
  const [good, bad, foreign] = [
    await authority.issue("PLC 1"),
    await authority.issue("PLC 2"),
    await stranger.issue("PLC 3"),
  ];
  mkdirSync(path.join(folder, "trusted/certs"), { recursive: true });
  mkdirSync(path.join(folder, "trusted/crl"), { recursive: true });
  writeFileSync(path.join(folder, "trusted/certs/authority.pem"), authority.certificate);
  assert.equal(await verdict(folder, good.pem, "strict"), "ok");
  assert.equal(await verdict(folder, bad.pem, "strict", "plc2:4840"), "ok");
  writeFileSync(path.join(folder, "trusted/crl/forged.pem"), await stranger.revoke(good.serialNumber));
  writeFileSync(path.join(folder, "trusted/crl/authority.pem"), await authority.revoke(bad.serialNumber));
  writeFileSync(path.join(folder, "trusted/crl/damaged.der"), "no list");
  assert.equal(await verdict(folder, good.pem, "strict"), "ok");
  assert.match(await verdict(folder, bad.pem, "strict", "plc2:4840"), /revoked/);
  assert.match(await verdict(folder, foreign.pem, "strict", "plc3:4840"), /not trusted yet/);
  // A server may get a new certificate of the same authority: that is no change to be asked about.
  const renewed = await authority.issue("PLC 1");
  assert.equal(await verdict(folder, renewed.pem, "first-use"), "ok");
});
