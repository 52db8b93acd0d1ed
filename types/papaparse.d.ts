/** The part of Papa Parse that the tag table uses; the package has no types of its own. */
declare module "papaparse" {
  interface ParseError {
    readonly code: string;
    readonly message: string;
    /** Index of the line, from 0. */
    readonly row?: number;
  }
  interface Papa {
    parse(
      text: string,
      options: { delimiter?: string; skipEmptyLines: "greedy" },
    ): { readonly data: readonly (readonly string[])[]; readonly errors: readonly ParseError[] };
    unparse(rows: readonly (readonly string[])[], options?: { newline?: string }): string;
  }
  const papa: Papa;
  export default papa;
}
