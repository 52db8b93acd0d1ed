import { test } from "node:test";
import { openSearch } from "../../../lib/search/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { searchContract } from "./contract.ts";

test("the embedded engine is a search engine", async (t) => {
  const directory = temporaryFolder(t);
  await searchContract(t, async () => {
    const store = openSearch({ engine: "embedded", directory });
    await store.open();
    return store;
  });
});
