/**
 * Changed, missing, additional and swapped neighbouring letters between two words (Damerau-Levenshtein, optimal string alignment), counted up
 * to a limit. A difference in the first letter counts twice, as people seldom mistype it.
 * @param prefix counts only as much of `term` as fits best, for a word that is still being typed
 * @returns the distance, or limit + 1 when it is larger
 */
export function typos(word: string, term: string, limit: number, prefix: boolean): number {
  const n = word.length;
  const m = term.length;
  if (n - m > limit || (!prefix && m - n > limit)) return limit + 1;
  const width = Math.min(m, n + limit);
  let before: number[] = [];
  let above: number[] = Array.from({ length: width + 1 }, (_, j) => j);
  for (let i = 1; i <= n; i++) {
    const row: number[] = [i];
    let least = i;
    for (let j = 1; j <= width; j++) {
      const same = word.charCodeAt(i - 1) === term.charCodeAt(j - 1);
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      const swapped =
        i > 1 &&
        j > 1 &&
        word.charCodeAt(i - 1) === term.charCodeAt(j - 2) &&
        word.charCodeAt(i - 2) === term.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
      if (cost < least) least = cost;
    }
    if (least > limit) return limit + 1;
    before = above;
    above = row;
  }
  let distance = prefix ? Math.min(...above) : above[m]!;
  if (distance > 0 && word.charCodeAt(0) !== term.charCodeAt(0)) distance += 1;
  return Math.min(distance, limit + 1);
}

/** One bit a letter or digit of a word: words that differ in many bits differ in many letters. */
export function letters(word: string): number {
  let bits = 0;
  for (let i = 0; i < word.length; i++) bits |= 1 << (word.charCodeAt(i) & 31);
  return bits;
}

/** Letters that the first word has and the other lacks: no fewer typos are needed. */
export function lacking(word: number, term: number): number {
  let bits = word & ~term;
  let count = 0;
  for (; bits !== 0; bits &= bits - 1) count += 1;
  return count;
}
