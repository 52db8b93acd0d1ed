import { type SignalRegistry, signalPath, ValueType } from "../../sample/index.ts";
import { tagText } from "../point.ts";
import type { StoredSignal } from "../types.ts";
import { quotedName, seriesIn } from "./influxql.ts";
import { type InfluxLayout, LEVELS, STATUS_SUFFIX } from "./layout.ts";
import { isRolledOf } from "./rollups.ts";
import type { InfluxServer } from "./server.ts";

/** One field of one series on the server, and the signal that it is here. */
export interface CatalogueEntry {
  readonly signal: StoredSignal;
  readonly measurement: string;
  /** Every tag of the measurement; empty text where this series has none of that name. */
  readonly tags: Readonly<Record<string, string>>;
  readonly field: string;
  /** A field beside it holds its status. */
  readonly hasStatus: boolean;
  readonly kind: "number" | "boolean" | "string";
}

const FRESH_MS = 5000;

/** What the server holds in series that carry no `path`: points, and the layouts that name signals by other tags. */
export class Catalogue {
  readonly #server: InfluxServer;
  readonly #layout: InfluxLayout;
  readonly #measurement: string;
  readonly #registry: SignalRegistry;
  #entries: readonly CatalogueEntry[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #generation = -1;

  constructor(server: InfluxServer, layout: InfluxLayout, measurement: string, registry: SignalRegistry) {
    this.#server = server;
    this.#layout = layout;
    this.#measurement = measurement;
    this.#registry = registry;
  }

  /** The entries, asked again after five seconds or when `generation` has changed (series were written since). */
  async entries(generation: number): Promise<readonly CatalogueEntry[]> {
    if (generation === this.#generation && performance.now() - this.#readAt < FRESH_MS) return this.#entries;
    const names = await this.#measurements();
    const statements = names.map((name) => `SELECT last(*) FROM ${quotedName(name)} GROUP BY *`);
    const answers = await this.#server.influxQlMany(statements);
    this.#entries = answers.flatMap((answer) => this.#entriesOf(seriesIn(answer)));
    this.#readAt = performance.now();
    this.#generation = generation;
    return this.#entries;
  }

  async #measurements(): Promise<string[]> {
    const [answer] = await this.#server.influxQlMany(["SHOW MEASUREMENTS"]);
    const names = seriesIn(answer).flatMap(({ values }) => values.map(([name]) => String(name)));
    const own = this.#layout === "signals";
    return names.filter((name) => !(own && name === this.#measurement) && !isRolledOf(this.#measurement, name));
  }

  #entriesOf(series: ReturnType<typeof seriesIn>): CatalogueEntry[] {
    return series.flatMap(({ name, tags = {}, columns, values }) =>
      columns.flatMap((column, i): CatalogueEntry[] => {
        const value = values[0]?.[i];
        if (!column.startsWith("last_") || value === null || value === undefined) return [];
        const field = column.slice("last_".length);
        const companion = field.endsWith(STATUS_SUFFIX) ? field.slice(0, -STATUS_SUFFIX.length) : undefined;
        // A status without its field: the signal never had a value.
        if (companion !== undefined && hasValue(columns, values[0]!, companion)) return [];
        const kind = typeof value === "boolean" ? "boolean" : typeof value === "string" ? "string" : "number";
        const signal = this.#signalOf(name, tags, companion ?? field);
        const hasStatus = columns.includes(`last_${companion ?? field}${STATUS_SUFFIX}`);
        return [{ signal, measurement: name, tags, field: companion ?? field, hasStatus, kind }];
      }),
    );
  }

  #signalOf(measurement: string, tags: Readonly<Record<string, string>>, field: string): StoredSignal {
    const rest = { type: ValueType.Unknown, unit: tags["unit"] ?? "", schema: tags["schema"] ?? "" };
    const known = (source: string, device: string, metric: string, more: object = {}): StoredSignal => {
      const path = signalPath(source, device, metric);
      const unit = rest.unit || (this.#registry.find(path)?.unit ?? "");
      return { path, source, device, metric, hierarchy: [], ...rest, unit, ...more };
    };
    if (this.#layout === "devices" && measurement === this.#measurement && tags["source"]) {
      const hierarchy = LEVELS.map((level) => tags[level] ?? "");
      while (hierarchy.at(-1) === "") hierarchy.pop();
      return known(tags["source"], tags["device"] ?? "", field, { hierarchy });
    }
    const amrc = /^(.+):[iudbs]$/s.exec(measurement);
    if (this.#layout === "amrc" && amrc !== null && field === "value" && tags["group"] !== undefined) {
      const source = tags["node"] ? `${tags["group"]}/${tags["node"]}` : tags["group"];
      const metric = tags["path"] ? `${tags["path"]}/${amrc[1]!}` : amrc[1]!;
      return known(source, tags["device"] ?? "", metric, { schema: tags["topLevelSchema"] ?? "" });
    }
    return known(measurement, tagText(Object.entries(tags)), field, { unit: "" });
  }
}

function hasValue(columns: readonly string[], row: readonly unknown[], field: string): boolean {
  const value = row[columns.indexOf(`last_${field}`)];
  return value !== null && value !== undefined;
}
