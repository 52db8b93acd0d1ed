import type { PlainEvent } from "./event.ts";

/** Conditions kept at most: more than an operator can ever look at. */
const MOST_CONDITIONS = 10_000;

interface Known {
  event: PlainEvent;
  /** Not seen again since a refresh began. */
  suspect: boolean;
}

/**
 * The conditions that need somebody's attention now: those whose newest event says Retain, one entry a condition and
 * branch (OPC 10000-9 4.5). Pure: it is told of events and of the begin and end of a refresh.
 */
export class ConditionList {
  readonly #known = new Map<string, Known>();
  /** Conditions that found no room. */
  dropped = 0;

  get size(): number {
    return this.#known.size;
  }

  /** Newest first. */
  list(): PlainEvent[] {
    return Array.from(this.#known.values(), ({ event }) => event).toSorted((a, b) => b.time - a.time);
  }

  /** Takes an event of a condition. @returns whether the list is another now */
  take(event: PlainEvent): boolean {
    if (event.conditionId === undefined) return false;
    const key = keyOf(event);
    if (event.retain !== true) return this.#known.delete(key);
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.suspect = false;
      if (known.event.eventId === event.eventId || known.event.time > event.time) return false;
      known.event = event;
      return true;
    }
    if (this.#known.size >= MOST_CONDITIONS) {
      this.dropped += 1;
      return false;
    }
    this.#known.set(key, { event, suspect: false });
    return true;
  }

  /** Whether this very event is the state that the list shows. */
  has(event: PlainEvent): boolean {
    return this.#known.get(keyOf(event))?.event.eventId === event.eventId;
  }

  /** Everything must be seen again until the refresh ends. */
  beginRefresh(): void {
    for (const known of this.#known.values()) known.suspect = true;
  }

  /** What was not seen again is over. @returns whether the list is another now */
  endRefresh(): boolean {
    const before = this.#known.size;
    for (const [key, { suspect }] of this.#known) if (suspect) this.#known.delete(key);
    return this.#known.size !== before;
  }

  /** The newest state of the condition that a command means, by event or by condition. */
  find({ eventId, conditionId }: { eventId?: string; conditionId?: string }): PlainEvent | undefined {
    return this.list().find(
      (event) =>
        (eventId === undefined || event.eventId === eventId) &&
        (conditionId ?? event.conditionId) === event.conditionId,
    );
  }
}

function keyOf({ conditionId, branchId = "" }: PlainEvent): string {
  return `${conditionId} ${branchId}`;
}
