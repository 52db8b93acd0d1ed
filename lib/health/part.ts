/** `off` = not at work: nobody uses it yet, or it is deliberately absent (a feature is not configured). */
export type PartStatus = "up" | "degraded" | "down" | "off";

/** Something that a part looks after: an edge node or device of a Sparkplug host. */
export interface PartMember {
  readonly name: string;
  readonly state: "online" | "stale" | "offline";
  /** Milliseconds since the epoch of the last change of state; 0 where there was none. */
  readonly since: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** One part's own account of itself, taken at the moment of asking. */
export interface PartHealth {
  /** Which kind of part: `opcua-endpoint`, `broker`, `sparkplug-edge`, `sparkplug-host`, `historian`, `spool` … */
  readonly kind: string;
  /** The name a user gave it. */
  readonly name: string;
  readonly status: PartStatus;
  /** Whether it runs inside this process or talks to a server. */
  readonly mode: "embedded" | "external";
  /** Why it is not up, or the address it talks to; shown to people. */
  readonly detail: string;
  /** Monotonic totals since the part was opened (samples, messages, bytes, errors, dropped …). */
  readonly counters: Readonly<Record<string, number>>;
  /** Values of now that go up and down (queue depth, sessions, monitored items …). */
  readonly gauges: Readonly<Record<string, number>>;
  /** What it looks after, as a table to show; bounded, those in trouble first. */
  readonly members?: readonly PartMember[];
}
