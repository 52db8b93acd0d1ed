/** Words of a document, by number, attribute after attribute. */
export interface Tokens {
  readonly terms: Uint32Array;
  /** Weight and first token of each attribute. */
  readonly attributes: readonly { readonly weight: number; readonly start: number }[];
}

/** What a document is judged by; smaller is better. Two numbers, because the order a user asks for stands between them. */
export interface Rank {
  readonly document: number;
  /** How far its words stand apart, then the weight of the attributes they stand in. */
  readonly first: number;
  /** How many are not exactly the query's, then where they begin. */
  readonly last: number;
}

/** Distance of two words that is as bad as any. */
const FAR = 8;
const MAX_PLACES = 8;
const MAX_WEIGHT = 1023;
const MAX_POSITION = 4095;
/** In a mask, whole words without typos are in the upper half. */
export const WHOLE_SHIFT = 16;

/** Judges where and how the words of one query stand in documents. Holds what it needs once, as a broad word meets every document. */
export class Judge {
  readonly #mask: Uint32Array;
  readonly #words: number;
  readonly #places: Int32Array;
  readonly #counts: Int32Array;
  readonly #weights: Int32Array;
  readonly #positions: Int32Array;

  /** @param mask for each term of the index, the words of the query that it stands for, as bits */
  constructor(mask: Uint32Array, words: number) {
    this.#mask = mask;
    this.#words = words;
    this.#places = new Int32Array(words * MAX_PLACES);
    this.#counts = new Int32Array(words);
    this.#weights = new Int32Array(words);
    this.#positions = new Int32Array(words);
  }

  /** @param missing words at the end of the query that do not count */
  rank(document: number, { terms, attributes }: Tokens, missing: number): Rank {
    const words = this.#words - missing;
    if (words === 0) return { document, first: 0, last: 0 };
    this.#counts.fill(0);
    this.#weights.fill(MAX_WEIGHT);
    this.#positions.fill(MAX_POSITION);
    let whole = 0;
    let complete = false;
    for (let a = 0; a < attributes.length; a++) {
      const { weight, start } = attributes[a]!;
      const end = a + 1 < attributes.length ? attributes[a + 1]!.start : terms.length;
      let inOrder = end - start === words;
      for (let at = start; at < end; at++) {
        const bits = this.#mask[terms[at]!]!;
        if (inOrder && (bits & (1 << (WHOLE_SHIFT + at - start))) === 0) inOrder = false;
        if (bits === 0) continue;
        whole |= bits >>> WHOLE_SHIFT;
        // A gap between attributes keeps words of two attributes apart.
        this.#note(bits, words, at + a * FAR, weight, at - start);
      }
      complete ||= inOrder;
    }
    let inexact = complete ? 0 : 1;
    let weights = 0;
    let positions = 0;
    for (let w = 0; w < words; w++) {
      if ((whole & (1 << w)) === 0) inexact += 1;
      weights += this.#weights[w]!;
      positions += this.#positions[w]!;
    }
    const first = this.#distance(words) * (MAX_WEIGHT + 1) + Math.min(weights, MAX_WEIGHT);
    return { document, first, last: inexact * (MAX_POSITION + 1) + Math.min(positions, MAX_POSITION) };
  }

  #note(bits: number, words: number, place: number, weight: number, position: number): void {
    for (let w = 0; w < words; w++) {
      if ((bits & (1 << w)) === 0) continue;
      const count = this.#counts[w]!;
      if (count < MAX_PLACES) {
        this.#places[w * MAX_PLACES + count] = place;
        this.#counts[w] = count + 1;
      }
      if (weight < this.#weights[w]!) {
        this.#weights[w] = weight;
        this.#positions[w] = position;
      }
    }
  }

  #distance(words: number): number {
    let sum = 0;
    for (let w = 0; w + 1 < words; w++) {
      let least = FAR;
      for (let i = 0; i < this.#counts[w]!; i++) {
        const from = this.#places[w * MAX_PLACES + i]!;
        for (let k = 0; k < this.#counts[w + 1]!; k++) {
          const to = this.#places[(w + 1) * MAX_PLACES + k]!;
          // Backwards is a little worse than forwards.
          const apart = to > from ? to - from - 1 : from - to;
          if (apart < least) least = apart;
        }
      }
      sum += least;
    }
    return sum;
  }
}

/** Compares two documents with as many words and typos; `order` is what the user asked for. */
export function compareRanks(a: Rank, b: Rank, order: (a: number, b: number) => number): number {
  return a.first - b.first || order(a.document, b.document) || a.last - b.last || a.document - b.document;
}

/** The best of many, in their order; the others are not kept. */
export class Best {
  readonly #most: number;
  readonly #compare: (a: Rank, b: Rank) => number;
  readonly ranks: Rank[] = [];

  constructor(most: number, compare: (a: Rank, b: Rank) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  add(rank: Rank): void {
    const { ranks } = this;
    if (ranks.length === this.#most && this.#compare(rank, ranks.at(-1)!) >= 0) return;
    let low = 0;
    let high = ranks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(ranks[middle]!, rank) <= 0) low = middle + 1;
      else high = middle;
    }
    ranks.splice(low, 0, rank);
    if (ranks.length > this.#most) ranks.pop();
  }
}

/** 0 to 1 for people: 1 has every word, without a typo, side by side, in the first attribute, exact. */
export function scoreOf(rank: Rank, words: number, missing: number, typos: number, attributes: number): number {
  const rules: [worse: number, steps: number][] = [
    [missing, words + 1],
    [typos, 2 * words + 1],
    [Math.floor(rank.first / (MAX_WEIGHT + 1)), FAR * Math.max(0, words - 1) + 1],
    [rank.first % (MAX_WEIGHT + 1), Math.max(1, attributes) * words + 1],
    [Math.floor(rank.last / (MAX_POSITION + 1)), words + 2],
  ];
  let place = 0;
  let places = 1;
  for (const [worse, steps] of rules) {
    place = place * steps + Math.max(0, steps - 1 - worse);
    places *= steps;
  }
  return Math.round(((place + 1) / places) * 10_000) / 10_000;
}
