import { tagKey } from "./monitored-items.ts";
import type { Tag } from "./tag.ts";
import { refusedTag } from "./tag-reader.ts";

/** The tags of a reader that the server refuses; each is reported once, until it is read again. */
export class RefusedTags {
  readonly #keys = new Set<string>();

  get size(): number {
    return this.#keys.size;
  }

  /** @param onError told of a tag that was not refused before */
  add(tag: Tag, reason: string, onError: ((error: unknown) => void) | undefined): void {
    const key = tagKey(tag);
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    onError?.(refusedTag(tag, reason));
  }

  /** The server reads it after all. */
  delete(tag: Tag): void {
    this.#keys.delete(tagKey(tag));
  }

  /** The table has these tags now. */
  keepOnly(tags: readonly Tag[]): void {
    if (this.#keys.size === 0) return;
    const keys = new Set(tags.map(tagKey));
    for (const key of this.#keys) if (!keys.has(key)) this.#keys.delete(key);
  }

  clear(): void {
    this.#keys.clear();
  }
}
