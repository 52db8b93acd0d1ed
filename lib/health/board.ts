import { withoutSecrets } from "../errors/index.ts";
import type { PartHealth } from "./part.ts";

/** Where parts announce themselves and health pages read. */
export class HealthBoard {
  readonly #parts = new Map<symbol, () => PartHealth>();
  readonly #unused = new Map<symbol, () => PartHealth | undefined>();

  /** Adds a part; the returned function takes it off again (safe to call twice). */
  add(report: () => PartHealth): () => void {
    const key = Symbol("part");
    this.#parts.set(key, report);
    return () => void this.#parts.delete(key);
  }

  /** The same for a part that is configured and not used: it is shown while no other of its kind is. */
  addUnused(report: () => PartHealth | undefined): () => void {
    const key = Symbol("part");
    this.#unused.set(key, report);
    return () => void this.#unused.delete(key);
  }

  /** Every part's account, ordered by kind and name; addresses are shown without their passwords. */
  snapshot(): PartHealth[] {
    const used = [...this.#parts.values()].map((report) => report());
    const kinds = new Set(used.map(({ kind }) => kind));
    const unused = [...this.#unused.values()].flatMap((report) => report() ?? []);
    const all = [...used, ...unused.filter(({ kind }) => !kinds.has(kind))];
    return all
      .map((part) => ({ ...part, detail: withoutSecrets(part.detail) }))
      .sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name));
  }
}
