import type { ClientSession, DataValue, NodeId } from "node-opcua";
import { readAttribute } from "./attributes.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** Somebody who wants the values of some nodes again and again. */
export interface PollEntry {
  readonly nodeIds: readonly NodeId[];
  /** The values of a round, in the order of the nodes. */
  take(values: readonly DataValue[]): void;
  /** A round could not be read. */
  failed(error: unknown): void;
}

/** All who read at one interval. */
interface Group {
  readonly everyMs: number;
  readonly entries: Set<PollEntry>;
  timer: NodeJS.Timeout | undefined;
  isReading: boolean;
}

const schedulers = new WeakMap<ClientSession, PollScheduler>();

/**
 * Reads for everybody who polls one session: those of the same interval share a round, and a node that several want is
 * read once. A round that takes longer than its interval is not overtaken.
 */
export class PollScheduler {
  readonly #session: ClientSession;
  readonly #opcua: Opcua;
  readonly #limits: ServerLimits;
  readonly #groups = new Map<number, Group>();

  private constructor(session: ClientSession, limits: ServerLimits, opcua: Opcua) {
    this.#session = session;
    this.#opcua = opcua;
    this.#limits = limits;
  }

  /** The one of that session. */
  static of(session: ClientSession, limits: ServerLimits, opcua: Opcua): PollScheduler {
    let scheduler = schedulers.get(session);
    if (scheduler === undefined) schedulers.set(session, (scheduler = new PollScheduler(session, limits, opcua)));
    return scheduler;
  }

  /** Begins with a round at once; returns what ends it. */
  add(everyMs: number, entry: PollEntry): () => void {
    let group = this.#groups.get(everyMs);
    if (group === undefined) {
      group = { everyMs, entries: new Set(), timer: undefined, isReading: false };
      this.#groups.set(everyMs, group);
    }
    const joined = group;
    joined.entries.add(entry);
    clearTimeout(joined.timer);
    if (!joined.isReading) this.#round(joined);
    return () => {
      joined.entries.delete(entry);
      if (joined.entries.size > 0) return;
      clearTimeout(joined.timer);
      this.#groups.delete(everyMs);
    };
  }

  #round(group: Group): void {
    const began = performance.now();
    const entries = [...group.entries];
    group.isReading = true;
    this.#read(entries)
      .then(
        (values) => {
          let at = 0;
          for (const entry of entries) {
            const own = entry.nodeIds.map(() => values[at++]!);
            if (group.entries.has(entry)) entry.take(own);
          }
        },
        (error: unknown) => {
          for (const entry of entries) if (group.entries.has(entry)) entry.failed(error);
        },
      )
      .finally(() => {
        group.isReading = false;
        if (group.entries.size === 0) return;
        const wait = Math.max(0, group.everyMs - (performance.now() - began));
        group.timer = setTimeout(() => this.#round(group), wait);
      })
      .catch(() => undefined);
  }

  /** The values of all entries one after the other; each distinct node is asked for once. */
  async #read(entries: readonly PollEntry[]): Promise<DataValue[]> {
    const places = new Map<string, number>();
    const distinct: NodeId[] = [];
    const wanted: number[] = [];
    for (const { nodeIds } of entries) {
      for (const nodeId of nodeIds) {
        const key = nodeId.toString();
        let place = places.get(key);
        if (place === undefined) {
          place = distinct.push(nodeId) - 1;
          places.set(key, place);
        }
        wanted.push(place);
      }
    }
    const values = await readAttribute(this.#session, this.#limits, distinct, this.#opcua.AttributeIds.Value);
    return wanted.map((place) => values[place]!);
  }
}
