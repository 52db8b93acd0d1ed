import type { Json, SearchDocument, SearchRequest } from "../types.ts";
import { isObject } from "./attributes.ts";
import { placedWords, type PlacedWord } from "./words.ts";

type Matched = (word: string) => number;

/** A document as it is answered: the attributes asked for, with `_formatted` where something is to be marked or shortened. */
export function formatted(document: SearchDocument, request: SearchRequest, matched: Matched): SearchDocument {
  const all = request.attributesToRetrieve.includes("*");
  const shown = Object.fromEntries(
    Object.entries(document).filter(([name]) => all || request.attributesToRetrieve.includes(name)),
  ) as unknown as SearchDocument;
  const { attributesToHighlight, attributesToCrop } = request;
  if (attributesToHighlight.length === 0 && attributesToCrop.length === 0) return shown;
  const marked: Record<string, Json> = {};
  for (const [name, value] of Object.entries(shown)) {
    const highlight = attributesToHighlight.includes("*") || attributesToHighlight.includes(name);
    const crop = attributesToCrop.includes("*") || attributesToCrop.includes(name);
    marked[name] = mapTexts(value, (text) => format(text, request, matched, highlight, crop));
  }
  return { ...shown, _formatted: marked };
}

/** Texts and numbers within a value; MeiliSearch formats numbers as text too. */
function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === "string") return change(value);
  if (typeof value === "number") return change(String(value));
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => mapTexts(one, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, change)]));
}

function format(text: string, request: SearchRequest, matched: Matched, highlight: boolean, crop: boolean): string {
  if (!highlight && !crop) return text;
  const words = placedWords(text);
  const { start, end } = crop
    ? window(words, request.cropLength, matched, text.length)
    : { start: 0, end: text.length };
  let result = start > 0 ? request.cropMarker : "";
  let at = start;
  for (const { word, start: from, end: to } of highlight ? words : []) {
    if (from < start || to > end) continue;
    const length = matched(word);
    if (length === 0) continue;
    const until = Math.min(to, from + length);
    result += text.slice(at, from) + request.highlightPreTag + text.slice(from, until) + request.highlightPostTag;
    at = until;
  }
  result += text.slice(at, end);
  return end < text.length ? result + request.cropMarker : result;
}

/** The stretch of so many words with the most of them found. */
function window(
  words: readonly PlacedWord[],
  length: number,
  matched: Matched,
  textLength: number,
): { start: number; end: number } {
  if (length === 0 || words.length <= length) return { start: 0, end: textLength };
  const found = words.map(({ word }) => (matched(word) > 0 ? 1 : 0));
  let count = found.slice(0, length).reduce<number>((sum, one) => sum + one, 0);
  let best = { count, from: 0 };
  for (let from = 1; from + length <= words.length; from++) {
    count += found[from + length - 1]! - found[from - 1]!;
    if (count > best.count) best = { count, from };
  }
  const last = best.from + length;
  return {
    start: best.from === 0 ? 0 : words[best.from]!.start,
    end: last >= words.length ? textLength : words[last - 1]!.end,
  };
}
