import { createHash } from "node:crypto";
import { FplusError } from "../errors/index.ts";
import type { SearchStore } from "./store.ts";
import type { Json, SearchDocument } from "./types.ts";

/** One index of a copy that is there and the same. */
export interface CopiedIndex {
  readonly index: string;
  readonly documents: number;
  /** It was there already, with the same documents: nothing was written. */
  readonly present: boolean;
}

/** Number of documents and a digest of all of them, in no order. */
interface Digest {
  readonly documents: number;
  readonly sum: bigint;
}

/**
 * Copies every index with its settings and documents, and compares all documents afterwards. What the target holds the same
 * already is left alone, so a copy that broke off goes on where it was.
 * @param onProgress called with the documents of the index that were written so far
 * @throws FplusError `search.copy` naming the index whose documents differ
 */
export async function copySearch(
  from: SearchStore,
  to: SearchStore,
  onProgress: (index: string, documents: number) => void = () => undefined,
): Promise<CopiedIndex[]> {
  const there = new Set(await to.indexes());
  const copied: CopiedIndex[] = [];
  for (const index of await from.indexes()) {
    const source = await digestOf(from, index);
    const present = there.has(index) && isSame(source, await digestOf(to, index));
    await to.configure(index, await from.settings(index));
    if (!present) {
      let written = 0;
      for await (const documents of from.documents(index)) {
        await to.upsert(index, documents);
        onProgress(index, (written += documents.length));
      }
      const target = await digestOf(to, index);
      if (!isSame(source, target)) throw differs(index, source, target);
    }
    copied.push({ index, documents: source.documents, present });
  }
  return copied;
}

async function digestOf(store: SearchStore, index: string): Promise<Digest> {
  let documents = 0;
  let sum = 0n;
  for await (const page of store.documents(index)) {
    documents += page.length;
    for (const document of page) sum = BigInt.asUintN(64, sum + hashOf(document));
  }
  return { documents, sum };
}

/** The same for the same content, in whatever order its attributes come. */
function hashOf(document: SearchDocument): bigint {
  const text = JSON.stringify(document, (_name, value: Json) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash("sha256").update(text).digest().readBigUInt64BE();
}

function isSame(a: Digest, b: Digest): boolean {
  return a.documents === b.documents && a.sum === b.sum;
}

function differs(index: string, source: Digest, target: Digest): FplusError {
  const found = `${source.documents} documents became ${target.documents}, or their content differs`;
  return new FplusError("search.copy", `index ${index} is not the same: ${found}`, {
    field: index,
    hint: "Stop what writes into either store. Documents that only the target has stay there: drop the index there and copy again.",
  });
}
