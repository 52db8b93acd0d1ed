const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const MAX_WORD = 60;

/** A word of a text as it is compared: small letters without accents. */
export function normalized(word: string): string {
  const plain = word.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
  return plain.length > MAX_WORD ? plain.slice(0, MAX_WORD) : plain;
}

/** The words of a text, normalized, in their order. */
export function wordsOf(text: string): string[] {
  const found = text.match(WORD);
  return found === null ? [] : found.map(normalized);
}

/** A word where it stands in its text. */
export interface PlacedWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** The words of a text with their places, for highlighting. */
export function placedWords(text: string): PlacedWord[] {
  return [...text.matchAll(WORD)].map((match) => ({
    word: normalized(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }));
}
