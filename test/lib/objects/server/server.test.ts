import { describe, test } from "node:test";
import { openObjects } from "../../../../lib/objects/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { minioProgram, startMinio } from "../../../support/minio.ts";
import { radosgwProgram, startRadosgw } from "../../../support/radosgw.ts";
import { findProgram, missing } from "../../../support/services.ts";
import { objectsContract } from "../contract.ts";
import { s3Checks } from "./checks.ts";
import { curl, minioJs } from "./clients.ts";
import { serveFolder } from "./serving.ts";

const curlProgram = findProgram("FPLUS_TEST_CURL", "/usr/bin/curl");

describe("one list of S3, the same for all", () => {
  for (const encryptionKey of [undefined, "a key of the test"]) {
    test(`the plant's endpoint${encryptionKey === undefined ? "" : ", encrypted"}`, async (t) => {
      const folder = temporaryFolder(t);
      const served = await serveFolder(t, folder, encryptionKey === undefined ? {} : { encryptionKey });
      await t.test("through minio-js", (t) => s3Checks(t, minioJs(served), "checks-minio-js"));
      await t.test("through curl", async (t) => {
        if (missing(t, "curl", curlProgram)) return;
        await s3Checks(t, curl(served, temporaryFolder(t)), "checks-curl");
      });
    });
  }

  test("MinIO", async (t) => {
    if (missing(t, "minio", minioProgram)) return;
    const server = await startMinio(temporaryFolder(t));
    t.after(() => server.stop());
    await t.test("through minio-js", (t) => s3Checks(t, minioJs(server), "checks-minio-js"));
    await t.test("through curl", async (t) => {
      if (missing(t, "curl", curlProgram)) return;
      await s3Checks(t, curl(server, temporaryFolder(t)), "checks-curl");
    });
  });
});

test("a store of the kind S3 over the plant's endpoint is an object store, in parts, with links and versions", async (t) => {
  const { url, accessKey, secretKey } = await serveFolder(t, temporaryFolder(t));
  await objectsContract(
    t,
    async () => {
      const store = openObjects({ engine: "s3", url, accessKey, secretKey });
      await store.open();
      return store;
    },
    (_store, link, init) => fetch(link, init),
  );
});

test("Ceph's S3 server is an object store, and passes the list but for what is known of it", async (t) => {
  if (missing(t, "radosgw", radosgwProgram)) return;
  const server = await startRadosgw(t, temporaryFolder(t));
  await t.test("through minio-js", (t) => s3Checks(t, minioJs(server), "checks-minio-js", { ceph: true }));
  const { url, accessKey, secretKey } = server;
  await objectsContract(
    t,
    async () => {
      const store = openObjects({ engine: "s3", url, accessKey, secretKey });
      await store.open();
      return store;
    },
    (_store, link, init) => fetch(link, init),
  );
});
