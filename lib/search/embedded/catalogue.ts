import { FplusError } from "../../errors/index.ts";
import { attributesOf, type Filter, parseFilter } from "../filter.ts";
import type { IndexSettings, SearchDocument, SearchRequest } from "../types.ts";
import { textsOf, valuesAt } from "./attributes.ts";
import { Column, compareSortValues, comparison } from "./column.ts";
import { wordsOfQuery } from "./query.ts";
import { Best, compareRanks, Judge, type Rank, scoreOf, type Tokens, WHOLE_SHIFT } from "./ranking.ts";
import { Vocabulary } from "./vocabulary.ts";
import { wordsOf } from "./words.ts";

/** Documents that are gone stay in the lists until there are so many; then everything is indexed anew. */
const MAX_GONE = 1000;
const ABSENT = 255;

/** What was found: the ids of a page, and what belongs to all that was found. */
export interface Page {
  readonly found: readonly { readonly id: string; readonly score: number }[];
  readonly total: number;
  readonly facets: Readonly<Record<string, ReturnType<Column["facet"]>>>;
  /** Whether a word of a text was found, and how many of its letters. */
  readonly matched: (word: string) => number;
}

/** One index in memory: words and attributes of every document, by the document's number. The documents themselves are elsewhere. */
export class Catalogue {
  readonly settings: Required<IndexSettings>;
  readonly #vocabulary = new Vocabulary();
  readonly #columns = new Map<string, Column>();
  readonly #weights: Map<string, number> | undefined;
  readonly #numbers = new Map<string, number>();
  readonly #ids: (string | undefined)[] = [];
  readonly #tokens: (Tokens | undefined)[] = [];

  constructor(settings: Required<IndexSettings>) {
    this.settings = settings;
    const { searchable, filterable, sortable } = settings;
    this.#weights = searchable.includes("*") ? undefined : new Map(searchable.map((name, weight) => [name, weight]));
    for (const name of [...filterable, ...sortable]) this.#columns.set(name, new Column());
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** So much is gone that indexing anew is worth it. */
  get worn(): boolean {
    return this.#ids.length - this.#numbers.size > MAX_GONE + this.#numbers.size;
  }

  add(document: SearchDocument): void {
    this.remove(document.id);
    const number = this.#ids.push(document.id) - 1;
    this.#numbers.set(document.id, number);
    this.#tokens[number] = this.#tokensOf(document, number);
    for (const [name, column] of this.#columns) column.add(number, valuesAt(document, name));
  }

  remove(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.#numbers.delete(id);
    this.#ids[number] = undefined;
    this.#tokens[number] = undefined;
  }

  #tokensOf(document: SearchDocument, number: number): Tokens {
    const found: { weight: number; words: string[] }[] = [];
    for (const [attribute, text] of textsOf(document)) {
      const weight = this.#weightOf(attribute, found.length);
      if (weight !== undefined) found.push({ weight, words: wordsOf(text) });
    }
    const terms: number[] = [];
    const attributes: { weight: number; start: number }[] = [];
    for (const { weight, words } of found.sort((a, b) => a.weight - b.weight)) {
      attributes.push({ weight, start: terms.length });
      for (const word of words) {
        const term = this.#vocabulary.id(word);
        this.#vocabulary.add(term, number);
        terms.push(term);
      }
    }
    return { terms: Uint32Array.from(terms), attributes };
  }

  /** A declared attribute holds for everything within it; without declarations the order of the document counts. */
  #weightOf(attribute: string, position: number): number | undefined {
    if (this.#weights === undefined) return position;
    for (let path = attribute; ; path = path.slice(0, path.lastIndexOf("."))) {
      const weight = this.#weights.get(path);
      if (weight !== undefined || !path.includes(".")) return weight;
    }
  }

  /** @throws FplusError `search.filter`, `search.sort`, `search.facets` */
  search(request: SearchRequest): Page {
    const passes = this.#filter(request.filter);
    const order = this.#order(request.sort);
    const facets = this.#facets(request.facets);
    const { groups, judge, words, matched } = this.#candidates(request, passes);
    const all = groups.flatMap(({ documents }) => documents);
    return {
      found: this.#page(groups, judge, order, request).map(({ rank, group }) => ({
        id: this.#ids[rank.document]!,
        score: scoreOf(rank, Math.max(1, words), group.missing, group.typos, this.#weights?.size ?? 1),
      })),
      total: all.length,
      facets: Object.fromEntries(facets.map((name) => [name, this.#columns.get(name)!.facet(all)])),
      matched,
    };
  }

  /** Judges only those that may stand on the page, so that broad words stay fast. */
  #page(
    groups: readonly Group[],
    judge: Judge,
    order: (a: number, b: number) => number,
    { offset, limit }: SearchRequest,
  ): { rank: Rank; group: Group }[] {
    const page: { rank: Rank; group: Group }[] = [];
    let before = 0;
    for (const group of groups) {
      const skipped = Math.max(0, offset - before);
      const wanted = limit - page.length;
      before += group.documents.length;
      if (wanted <= 0) break;
      if (skipped >= group.documents.length) continue;
      const best = new Best(skipped + wanted, (a, b) => compareRanks(a, b, order));
      for (const document of group.documents) best.add(judge.rank(document, this.#tokens[document]!, group.missing));
      for (const rank of best.ranks.slice(skipped)) page.push({ rank, group });
    }
    return page;
  }

  #candidates({ q, matchingStrategy }: SearchRequest, passes: (document: number) => boolean): Candidates {
    const { words, open, phrases } = wordsOfQuery(q);
    const mask = new Uint32Array(this.#vocabulary.size);
    const lengths = new Map<number, number>();
    const best = words.map((word, w) => {
      const typos = new Uint8Array(this.#ids.length).fill(ABSENT);
      for (const expansion of this.#vocabulary.expand(word, open && w === words.length - 1)) {
        const exact = expansion.whole && expansion.typos === 0;
        mask[expansion.term]! |= (1 << w) | (exact ? 1 << (WHOLE_SHIFT + w) : 0);
        const length = expansion.whole ? Number.POSITIVE_INFINITY : word.length;
        lengths.set(expansion.term, Math.max(lengths.get(expansion.term) ?? 0, length));
        for (const document of this.#vocabulary.documents(expansion.term))
          if (typos[document] === ABSENT) typos[document] = expansion.typos;
      }
      return typos;
    });
    const quoted = phrases.map((phrase) => phrase.map((word) => this.#vocabulary.find(word)));
    for (const term of quoted.flat()) if (term !== undefined) lengths.set(term, Number.POSITIVE_INFINITY);
    const least = matchingStrategy === "all" ? words.length : Math.min(1, words.length);
    const groups = new Map<number, Group>();
    for (let document = 0; document < this.#ids.length; document++) {
      const tokens = this.#tokens[document];
      if (tokens === undefined) continue;
      let has = 0;
      let typos = 0;
      while (has < words.length && best[has]![document] !== ABSENT) typos += best[has++]![document]!;
      if (has < least || !passes(document) || !quoted.every((phrase) => hasPhrase(tokens.terms, phrase))) continue;
      const missing = words.length - has;
      const key = missing * 256 + typos;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { key, missing, typos, documents: [document] });
      else group.documents.push(document);
    }
    return {
      groups: [...groups.values()].sort((a, b) => a.key - b.key),
      judge: new Judge(mask, words.length),
      words: words.length,
      matched: (word) => lengths.get(this.#vocabulary.find(word) ?? -1) ?? 0,
    };
  }

  #filter(text: string): (document: number) => boolean {
    const filter = parseFilter(text);
    if (filter === undefined) return () => true;
    const { filterable } = this.settings;
    const unknown = attributesOf(filter).find((name) => !filterable.includes(name));
    if (unknown !== undefined) throw undeclared("search.filter", "filter", "filterable", unknown, filterable);
    return this.#matcher(filter);
  }

  #matcher(filter: Filter): (document: number) => boolean {
    switch (filter.kind) {
      case "and": {
        const parts = filter.parts.map((part) => this.#matcher(part));
        return (document) => parts.every((part) => part(document));
      }
      case "or": {
        const parts = filter.parts.map((part) => this.#matcher(part));
        return (document) => parts.some((part) => part(document));
      }
      case "not": {
        const part = this.#matcher(filter.part);
        return (document) => !part(document);
      }
      case "compare": {
        const matches = this.#columns.get(filter.attribute)!.matcher(comparison(filter.operator, filter.value));
        return filter.operator === "!=" ? (document) => !matches(document) : matches;
      }
      case "between": {
        const [from, to] = [comparison(">=", filter.from), comparison("<=", filter.to)];
        return this.#columns.get(filter.attribute)!.matcher((value) => from(value) && to(value));
      }
      case "in": {
        const each = filter.values.map((value) => comparison("=", value));
        return this.#columns.get(filter.attribute)!.matcher((value) => each.some((is) => is(value)));
      }
      case "exists":
        return this.#columns.get(filter.attribute)!.exists;
      case "null":
        return this.#columns.get(filter.attribute)!.isNull;
      case "empty":
        return this.#columns.get(filter.attribute)!.isEmpty;
    }
  }

  #order(sort: readonly string[]): (a: number, b: number) => number {
    const { sortable } = this.settings;
    const rules = sort.map((rule) => {
      const [, name = "", direction = ""] = /^(.+):(asc|desc)$/.exec(rule) ?? [];
      if (name === "") {
        const hint = "Write it like created_at:desc.";
        throw new FplusError("search.sort", `not an order: ${rule}`, { field: "sort", hint });
      }
      if (!sortable.includes(name)) throw undeclared("search.sort", "sort", "sortable", name, sortable);
      return { column: this.#columns.get(name)!, sign: direction === "asc" ? 1 : -1 };
    });
    return (a, b) => {
      for (const { column, sign } of rules) {
        const [one, other] = [column.sortValue(a), column.sortValue(b)];
        if (one === other) continue;
        if (one === undefined || other === undefined) return one === undefined ? 1 : -1;
        const difference = compareSortValues(one, other) * sign;
        if (difference !== 0) return difference;
      }
      return 0;
    };
  }

  #facets(facets: readonly string[]): readonly string[] {
    const { filterable } = this.settings;
    if (facets.includes("*")) return filterable;
    const unknown = facets.find((name) => !filterable.includes(name));
    if (unknown !== undefined) throw undeclared("search.facets", "facets", "filterable", unknown, filterable);
    return facets;
  }
}

/** Documents that lack as many words and have as many typos. */
interface Group {
  readonly key: number;
  readonly missing: number;
  readonly typos: number;
  readonly documents: number[];
}

interface Candidates {
  /** The best first. */
  readonly groups: readonly Group[];
  readonly judge: Judge;
  readonly words: number;
  readonly matched: Page["matched"];
}

function hasPhrase(terms: Uint32Array, phrase: readonly (number | undefined)[]): boolean {
  const [first] = phrase;
  if (first === undefined) return false;
  for (let at = terms.indexOf(first); at >= 0; at = terms.indexOf(first, at + 1)) {
    if (phrase.every((term, i) => terms[at + i] === term)) return true;
  }
  return false;
}

function undeclared(
  code: "search.filter" | "search.sort" | "search.facets",
  field: string,
  what: string,
  name: string,
  declared: readonly string[],
): FplusError {
  const known = declared.length === 0 ? "none is" : `these are: ${declared.join(", ")}`;
  return new FplusError(code, `the attribute ${name} is not ${what}; ${known}`, {
    field,
    hint: `Declare it among the ${what} attributes of the index.`,
  });
}
