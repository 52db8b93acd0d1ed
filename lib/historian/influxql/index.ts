import { FplusError } from "../../errors/index.ts";
import type { InfluxQlAnswer, InfluxQlResult } from "./answer.ts";
import { parseInfluxQl } from "./parser.ts";
import { select } from "./select.ts";
import { show } from "./show.ts";
import type { PointSource } from "./source.ts";

/**
 * Answers InfluxQL over a source of series as InfluxDB 1.x answers it: SELECT with functions, conditions, GROUP BY, fill,
 * ORDER BY and limits, and SHOW. Sub-queries, INTO and changes are not part of it.
 * @param nowMs what `now()` says
 * @throws FplusError `historian.query` where the text is no InfluxQL; an error of one statement stands in its result
 */
export function answerInfluxQl(text: string, source: PointSource, nowMs: number): InfluxQlAnswer {
  const results = parseInfluxQl(text).map((statement, id): InfluxQlResult => {
    try {
      const series = statement.kind === "select" ? select(statement, source, nowMs) : show(statement, source);
      return { statement_id: id, ...(series.length === 0 ? {} : { series }) };
    } catch (error) {
      if (error instanceof FplusError) return { statement_id: id, error: error.message };
      throw error;
    }
  });
  return { results };
}
