import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type ObjectStore, openObjects, serveLink } from "../../../lib/objects/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { objectsContract } from "./contract.ts";

for (const encryptionKey of [undefined, "a key of the test"]) {
  test(`the embedded engine is an object store${encryptionKey === undefined ? "" : ", encrypted"}`, async (t) => {
    const directory = temporaryFolder(t);
    let serving: ObjectStore | undefined;
    const server = createServer((request, response) => {
      const target = (request.url ?? "").replace(/^\/objects/, "");
      serveLink(serving!, request, response, target).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const linkBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}/objects`;
    await objectsContract(
      t,
      async () => {
        const store = openObjects({
          engine: "embedded",
          directory,
          linkBase,
          ...(encryptionKey === undefined ? {} : { encryptionKey }),
        });
        await store.open();
        return store;
      },
      (store, link, init) => {
        serving = store;
        return fetch(link, init);
      },
      { many: 105 },
    );
  });
}
