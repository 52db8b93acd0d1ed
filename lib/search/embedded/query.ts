import { placedWords, wordsOf } from "./words.ts";

/** Words of a query that count, as MeiliSearch has it. */
const MAX_WORDS = 10;

/** What a query's text asks for. */
export interface Words {
  readonly words: readonly string[];
  /** The last word is still being typed. */
  readonly open: boolean;
  /** Words in double quotes: they must stand in a document as they are, one behind the other. */
  readonly phrases: readonly (readonly string[])[];
}

/** Takes a query's text apart. */
export function wordsOfQuery(q: string): Words {
  const phrases: (readonly string[])[] = [];
  const rest = q.replaceAll(/"([^"]*)"/g, (_, phrase: string) => {
    const words = wordsOf(phrase).slice(0, MAX_WORDS);
    if (words.length > 0) phrases.push(words);
    return " ";
  });
  const words = wordsOf(rest).slice(0, MAX_WORDS);
  const last = placedWords(rest).at(-1);
  return { words, open: last !== undefined && last.end === rest.length, phrases };
}
