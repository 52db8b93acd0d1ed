/**
 * Patterns over signal paths: `*` is any run of characters within one level, `**` any run across levels,
 * and a `**` between slashes may also stand for no level at all.
 */

/** True where the text holds a wildcard. */
export function isPattern(text: string): boolean {
  return text.includes("*");
}

/** The source of an anchored regular expression, in the common subset of JavaScript and Go (RE2). */
export function patternSource(pattern: string): string {
  const parts = pattern.split(/(\/\*\*\/|\*\*|\*)/);
  const source = parts.map((part) => {
    if (part === "/**/") return "/(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    return part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`);
  });
  return `^${source.join("")}$`;
}

/** Answers whether a path matches any of the patterns; exact names are a set look-up. */
export function pathMatcher(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !isPattern(pattern)));
  const expressions = patterns.filter(isPattern).map((pattern) => new RegExp(patternSource(pattern), "s"));
  return (path) => exact.has(path) || expressions.some((expression) => expression.test(path));
}
