/** A value in a row of InfluxQL: time as RFC 3339 text, field or tag. */
export type InfluxQlValue = number | string | boolean | null;

/** One table of an answer, in the shape of InfluxDB's own JSON. */
export interface InfluxQlSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly InfluxQlValue[])[];
}

/** What came of one statement. */
export interface InfluxQlResult {
  readonly statement_id: number;
  readonly series?: readonly InfluxQlSeries[];
  readonly error?: string;
}

/** The body of an answer to `/query`. */
export interface InfluxQlAnswer {
  readonly results: readonly InfluxQlResult[];
}

/** Rows of a group as an answer has them: the time first. */
export type AnswerRows = (readonly InfluxQlValue[])[];
