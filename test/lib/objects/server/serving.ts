import type { TestContext } from "node:test";
import {
  type AccessKey,
  type ObjectStore,
  ObjectServer,
  type ObjectServerOptions,
  openObjects,
} from "../../../../lib/objects/index.ts";
import { freePorts } from "../../../support/ports.ts";
import type { S3Server } from "./clients.ts";

/** The key that opens everything. */
export const EVERYTHING: AccessKey = {
  name: "Plant",
  accessKey: "minioadmin",
  secretKey: "minioadmin-of-the-test",
  buckets: "*",
  rights: "write",
};

/** A store in a folder with its endpoint, stopped with the test. */
export async function serveFolder(
  t: TestContext,
  directory: string,
  {
    keys = [EVERYTHING],
    encryptionKey,
    ...more
  }: Partial<Pick<ObjectServerOptions, "keys" | "patienceMs">> & { readonly encryptionKey?: string } = {},
): Promise<S3Server & { readonly store: ObjectStore; readonly server: ObjectServer }> {
  const [port] = await freePorts(1);
  const store = openObjects({
    engine: "embedded",
    directory,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
  const server = new ObjectServer(store, { port: port!, keys, ...more });
  t.after(async () => {
    await server.close();
    await store.close();
  });
  await server.open();
  const { accessKey, secretKey } = keys[0]!;
  return { url: `http://127.0.0.1:${port!}`, accessKey, secretKey, store, server };
}
