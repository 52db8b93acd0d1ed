import { copySearch, openSearch, type SearchOptions } from "../../lib/search/index.ts";
import { everySecond } from "../plant/every-second.ts";
import { folderOf, serverOf } from "./place.ts";

/** Copies all indexes of a search engine into another and compares all documents. */
export async function copyIndexes(fromPlace: string, toPlace: string): Promise<void> {
  const [from, to] = [openSearch(optionsOf(fromPlace)), openSearch(optionsOf(toPlace))];
  const say = everySecond();
  try {
    const indexes = await copySearch(from, to, (index, documents) => say(() => `${index}: ${documents} documents`));
    for (const { index, documents, present } of indexes)
      console.log(`${index}: ${documents} documents${present ? ", there already" : ""}`);
    const documents = indexes.reduce((sum, each) => sum + each.documents, 0);
    console.log(`${documents} documents of ${indexes.length} indexes are copied and verified.`);
  } finally {
    await from.close();
    await to.close();
  }
}

function optionsOf(place: string): SearchOptions {
  const directory = folderOf(place);
  if (directory !== undefined) return { engine: "embedded", directory };
  const { url, password } = serverOf(place);
  const key = password || process.env["FPLUS_MEILI_KEY"];
  return { engine: "meilisearch", url, ...(key ? { key } : {}) };
}
