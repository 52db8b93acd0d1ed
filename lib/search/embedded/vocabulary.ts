import { lacking, letters, typos } from "./distance.ts";

/** Words from this length may have one typo, and two. */
const ONE_TYPO = 5;
const TWO_TYPOS = 9;
const MAX_TERMS_A_WORD = 1000;
const MAX_REMEMBERED = 500;

/** A term that a word of a query stands for. */
export interface Expansion {
  readonly term: number;
  readonly typos: number;
  /** The word is the whole term, not its beginning. */
  readonly whole: boolean;
}

/** Every term of an index, with the documents that have it. */
export class Vocabulary {
  readonly #ids = new Map<string, number>();
  readonly #terms: string[] = [];
  readonly #letters: number[] = [];
  readonly #documents: number[][] = [];
  readonly #remembered = new Map<string, readonly Expansion[]>();

  /** The number of a term, made at first sight. */
  id(term: string): number {
    let id = this.#ids.get(term);
    if (id === undefined) {
      id = this.#terms.push(term) - 1;
      this.#ids.set(term, id);
      this.#letters.push(letters(term));
      this.#documents.push([]);
      this.#remembered.clear();
    }
    return id;
  }

  /** The number of a term, undefined where no document ever had it. */
  find(term: string): number | undefined {
    return this.#ids.get(term);
  }

  get size(): number {
    return this.#terms.length;
  }

  /** Notes that a document has a term; documents come in rising order, each once a term. */
  add(id: number, document: number): void {
    const documents = this.#documents[id]!;
    if (documents.at(-1) !== document) documents.push(document);
  }

  documents(id: number): readonly number[] {
    return this.#documents[id]!;
  }

  /**
   * The terms that a word of a query stands for, the best first: itself, what begins with it (while it is being typed), and what is
   * mistyped.
   */
  expand(word: string, beginning: boolean): readonly Expansion[] {
    const key = `${beginning ? "…" : "."}${word}`;
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const found = this.#scan(word, beginning);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, found);
    return found;
  }

  #scan(word: string, beginning: boolean): Expansion[] {
    const limit = word.length >= TWO_TYPOS ? 2 : word.length >= ONE_TYPO ? 1 : 0;
    const bits = letters(word);
    const found: Expansion[] = [];
    for (let id = 0; id < this.#terms.length; id++) {
      if (lacking(bits, this.#letters[id]!) > limit) continue;
      const term = this.#terms[id]!;
      if (term === word) found.push({ term: id, typos: 0, whole: true });
      else if (beginning && term.startsWith(word)) found.push({ term: id, typos: 0, whole: false });
      else if (limit > 0) {
        const whole = typos(word, term, limit, false);
        if (whole <= limit) found.push({ term: id, typos: whole, whole: true });
        else if (beginning) {
          const start = typos(word, term, limit, true);
          if (start <= limit) found.push({ term: id, typos: start, whole: false });
        }
      }
    }
    found.sort((a, b) => a.typos - b.typos || Number(b.whole) - Number(a.whole));
    return found.slice(0, MAX_TERMS_A_WORD);
  }
}
