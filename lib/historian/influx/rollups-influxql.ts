import type { CheckedQuery } from "../query.ts";
import { windowText } from "../rollup.ts";
import { InfluxQl, quotedName, seriesIn } from "./influxql.ts";
import {
  type InfluxRetention,
  ROLLED_FIELDS,
  rolledAggregates,
  rolledMeasurement,
  type RollUpMaker,
} from "./rollups.ts";
import type { AnswerBuilder } from "./rows.ts";
import type { InfluxServer } from "./server.ts";
import { shardHours } from "./shard.ts";

const WINDOWS_A_STATEMENT = 2000;

/** Roll-ups on InfluxDB 1.x: measurement `sensors_5m` in the retention policy `rollup_5m`, made by the server itself with SELECT INTO. */
export class InfluxQlRollUps implements RollUpMaker {
  readonly #server: InfluxServer;
  readonly #measurement: string;
  readonly #rp: string;

  constructor(server: InfluxServer, measurement: string) {
    this.#server = server;
    this.#measurement = measurement;
    this.#rp = server.database.rp ?? "autogen";
  }

  async prepare({ days, rollUps }: InfluxRetention): Promise<void> {
    const database = quotedName(this.#server.database.db);
    if (days > 0) await this.#run(`ALTER RETENTION POLICY ${quotedName(this.#rp)} ON ${database} ${durationOf(days)}`);
    for (const { windowMs, keepDays } of rollUps) {
      const policy = `RETENTION POLICY ${quotedName(policyOf(windowMs))} ON ${database}`;
      const duration = durationOf(keepDays);
      await this.#run(`CREATE ${policy} ${duration.replace(" SHARD", " REPLICATION 1 SHARD")}`).catch(() =>
        this.#run(`ALTER ${policy} ${duration}`),
      );
    }
  }

  async lastWindow(windowMs: number): Promise<number | undefined> {
    return await this.#timeOf(`SELECT last("count") FROM ${this.#place(windowMs)}`);
  }

  async firstSample(): Promise<number | undefined> {
    return await this.#timeOf(`SELECT first("value") FROM ${this.#samples}`);
  }

  async windowsAtOnce(): Promise<number> {
    return WINDOWS_A_STATEMENT;
  }

  async make(windowMs: number, from: number, to: number): Promise<void> {
    const fields = ROLLED_FIELDS.map((name) => `${name}("value") AS ${quotedName(name)}`).join(", ");
    const where = `time >= ${from}000000 AND time < ${to}000000`;
    const group = `GROUP BY time(${windowMs}ms), * fill(none)`;
    await this.#run(`SELECT ${fields} INTO ${this.#place(windowMs)} FROM ${this.#samples} WHERE ${where} ${group}`);
  }

  async read(width: number, query: CheckedQuery, answer: AnswerBuilder): Promise<void> {
    const text = new InfluxQl(rolledMeasurement(this.#measurement, width), policyOf(width));
    const select = rolledAggregates(query.aggregate).map(([of, field]) => `${of}(${quotedName(field)})`);
    const statement = text.rolled(query, select.join(", "));
    for (const { tags = {}, values } of seriesIn(await this.#server.influxQl(statement))) {
      for (const [time, value, divisor = 1] of values) {
        answer.add(tags["path"] ?? "", tags["unit"] ?? "", {
          time: Number(time) / 1e6,
          value: Number(value) / Number(divisor),
          text: null,
          status: 0,
        });
      }
    }
  }

  async #run(statement: string): Promise<void> {
    seriesIn(await this.#server.influxQl(statement, "POST"));
  }

  async #timeOf(statement: string): Promise<number | undefined> {
    const [series] = seriesIn(await this.#server.influxQl(statement));
    const time = series?.values[0]?.[0];
    return time === undefined ? undefined : Number(time) / 1e6;
  }

  get #samples(): string {
    return `${quotedName(this.#rp)}.${quotedName(this.#measurement)}`;
  }

  #place(windowMs: number): string {
    return `${quotedName(policyOf(windowMs))}.${quotedName(rolledMeasurement(this.#measurement, windowMs))}`;
  }
}

/** A duration with the shards that the server itself would choose for it. */
function durationOf(days: number): string {
  return `DURATION ${days <= 0 ? "INF" : `${days}d`} SHARD DURATION ${shardHours(days)}h`;
}

function policyOf(windowMs: number): string {
  return `rollup_${windowText(windowMs)}`;
}
