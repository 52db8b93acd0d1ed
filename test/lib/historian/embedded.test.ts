import { test } from "node:test";
import { openHistorian } from "../../../lib/historian/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { historianContract } from "./contract.ts";

test("the embedded engine is a historian", async (t) => {
  const directory = temporaryFolder(t);
  await historianContract(t, async (registry) => {
    const store = openHistorian({ engine: "embedded", directory, registry });
    await store.open();
    return store;
  });
});
