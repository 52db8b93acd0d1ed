import type { NodeAPI } from "node-red";
import { type Database, migrate, plantSchema, type SqlSession } from "../../lib/database/index.ts";
import { databaseOf, poolTrouble } from "../fplus-database/service.ts";
import { amount, defineNode, liveStatus, type Message, type NodeContext } from "../frame/index.ts";
import { batchRowsOf, requestOf, type SqlConfig, timeoutOf, transactionOf, versionOf } from "./request.ts";
import { RowStreams } from "./row-stream.ts";

type Send = (messages: Message | (Message | null)[]) => void;

/** Runs SQL at every message, begins and ends a transaction that a message carries along, or makes the Factory+ tables. */
export default function (RED: NodeAPI): void {
  defineNode<SqlConfig>(RED, "fplus-sql", (node) => {
    // Wrong numbers show at once, not at the first message.
    timeoutOf(node.config);
    batchRowsOf(node.config);
    const lease = databaseOf(node);
    const streams = new RowStreams();
    const work = new Work(node, streams);
    const stopStatus = liveStatus(node, () => poolTrouble(lease.value) ?? work.status());
    return {
      async input(msg, send) {
        if (msg["cancel"] === true) return work.cancel();
        if (streams.take(msg)) return;
        await lease.ready;
        await work.run(lease.value, msg, send);
      },
      async close() {
        stopStatus();
        streams.close();
        work.cancel();
        await lease.release();
      },
    };
  });
}

/** What one node has running, and what it ran last. */
class Work {
  readonly #node: NodeContext<SqlConfig>;
  readonly #streams: RowStreams;
  readonly #running = new Set<AbortController>();
  #last: ["up" | "down" | "idle", string] = ["idle", ""];

  constructor(node: NodeContext<SqlConfig>, streams: RowStreams) {
    this.#node = node;
    this.#streams = streams;
  }

  status(): ["busy" | "up" | "down" | "idle", string] {
    return this.#running.size > 0 ? ["busy", `${amount(this.#running.size)} running`] : this.#last;
  }

  /** Cancels everything that this node runs, on the server too. */
  cancel(): void {
    for (const controller of this.#running) controller.abort();
  }

  async run(database: Database, msg: Message, send: Send): Promise<void> {
    const { action } = this.#node.config;
    const controller = new AbortController();
    this.#running.add(controller);
    const began = performance.now();
    try {
      if (action === "query") {
        const rows = await this.#query(database, msg, send, controller.signal);
        const took = Math.max(1, Math.round(performance.now() - began));
        this.#last = ["up", `${amount(rows)} ${rows === 1 ? "row" : "rows"} · ${took} ms`];
      } else if (action === "tables") {
        const report = await migrate(database, plantSchema, versionOf(msg));
        send({ ...msg, payload: report });
        this.#last = ["up", `version ${report.to}`];
      } else {
        await this.#transact(database, msg, send);
        this.#last = ["up", `${amount(database.transactions.size)} open`];
      }
    } catch (error) {
      this.#last = ["down", `${action} failed`];
      throw error;
    } finally {
      this.#running.delete(controller);
    }
  }

  async #query(database: Database, msg: Message, send: Send, signal: AbortSignal): Promise<number> {
    const { config, RED } = this.#node;
    const request = requestOf(config, msg, RED.util.getMessageProperty(msg, config.params || "params"), signal);
    const id = transactionOf(msg);
    const within = <T>(run: (session: SqlSession) => Promise<T>): Promise<T> =>
      id === undefined ? run(database) : database.transactions.within(id, run);
    if (config.output === "rows" || config.output === undefined) {
      const { rows, rowCount, command } = await within((session) =>
        session.query(request.sql, request.parameters, request.options),
      );
      send({ ...msg, payload: rows, rowCount, command });
      return rowCount;
    }
    const shape = { eachRow: config.output === "row", asked: config.pace === "asked" };
    const options = {
      ...request.options,
      batchRows: batchRowsOf(config),
    };
    const rows = await within((session) =>
      this.#streams.send(session.stream(request.sql, request.parameters, options), shape, (payload, parts) =>
        send([{ ...msg, payload, parts }, null]),
      ),
    );
    send([null, { ...msg, payload: rows }]);
    return rows;
  }

  async #transact({ transactions }: Database, msg: Message, send: Send): Promise<void> {
    const { action, isolation } = this.#node.config;
    if (action === "begin") {
      send({ ...msg, transaction: await transactions.begin(isolation ? { isolation } : {}) });
      return;
    }
    const id = transactionOf(msg) ?? "";
    await (action === "commit" ? transactions.commit(id) : transactions.rollback(id));
    const { transaction: _ended, ...rest } = msg;
    send(rest as Message);
  }
}
