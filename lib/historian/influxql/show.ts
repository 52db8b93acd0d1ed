import type { InfluxQlSeries } from "./answer.ts";
import type { ShowStatement } from "./ast.ts";
import { schemaOf } from "./columns.ts";
import { measurementsOf, type PointSource } from "./source.ts";

/** Answers SHOW: what there is to ask for. */
export function show({ what, sources, keys }: ShowStatement, source: PointSource): InfluxQlSeries[] {
  if (what === "databases") return [table("databases", ["name"], [[source.database]])];
  const found = measurementsOf(source, sources);
  switch (what) {
    case "measurements":
      return some([
        table(
          "measurements",
          ["name"],
          found.map(([name]) => [name]),
        ),
      ]);
    case "tag keys":
      return some(
        found.map(([name, series]) =>
          table(
            name,
            ["tagKey"],
            schemaOf(series).tags.map((tag) => [tag]),
          ),
        ),
      );
    case "field keys":
      return some(found.map(([name, series]) => table(name, ["fieldKey", "fieldType"], [...schemaOf(series).fields])));
    case "tag values":
      return some(
        found.map(([name, series]) => {
          const pairs = keys.flatMap((key) =>
            [...new Set(series.flatMap(({ tags }) => tags[key] ?? []))].sort().map((value) => [key, value]),
          );
          return table(name, ["key", "value"], pairs);
        }),
      );
    case "series": {
      const lines = found.flatMap(([name, series]) =>
        series.map(({ tags }) => [
          [
            name,
            ...Object.entries(tags)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, value]) => `${key}=${value.replaceAll(/[,= ]/g, String.raw`\$&`)}`),
          ].join(","),
        ]),
      );
      return some([
        { columns: ["key"], values: lines.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)) } as unknown as InfluxQlSeries,
      ]);
    }
  }
}

function table(name: string, columns: string[], values: string[][]): InfluxQlSeries {
  return { name, columns, values };
}

function some(tables: InfluxQlSeries[]): InfluxQlSeries[] {
  return tables.filter(({ values }) => values.length > 0);
}
