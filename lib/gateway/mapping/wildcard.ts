const MOST_WILDCARDS = 4;

/** A name with `*` in it, each standing for any text. */
export class Wildcard {
  readonly #pattern: RegExp;

  constructor(text: string) {
    const literal = text.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    this.#pattern = new RegExp(`^${literal.join("(.*)")}$`, "s");
  }

  /** What each `*` stood for; undefined where the name does not fit. */
  match(name: string): string[] | undefined {
    return this.#pattern.exec(name)?.slice(1);
  }
}

/** Puts what the wildcards stood for into a name, in their order. */
export function filledIn(name: string, captured: readonly string[]): string {
  let at = 0;
  return name.replace(/\*/g, () => captured[at++] ?? "");
}

/** Why a pattern and the name made from it do not go together; undefined where they do. */
export function wildcardMistake(pattern: string, into: string): string | undefined {
  const count = (text: string): number => text.split("*").length - 1;
  if (count(pattern) > MOST_WILDCARDS) return `has more than ${MOST_WILDCARDS} wildcards`;
  return count(into) > count(pattern) ? "has fewer wildcards than the name made from it" : undefined;
}
