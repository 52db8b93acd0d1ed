import type { ViewState } from "./node-view.ts";

/** What a command writes to. */
export interface WriteTarget {
  readonly group: string;
  readonly edgeNode: string;
  /** Empty for a metric of the edge node itself. */
  readonly device: string;
  readonly metric: string;
}

/** An edge node in the table of a host application. */
export interface NodeRow {
  readonly node: string;
  readonly state: ViewState;
  /** Milliseconds since the epoch of the last change of state. */
  readonly since: number;
  readonly metrics: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly devices: readonly { device: string; state: ViewState; since: number; metrics: number }[];
}

/** Something that happened to an edge node or a device, as flows and dashboards see it. */
export interface LifecycleEvent {
  readonly kind:
    | "node-online"
    | "node-offline"
    | "node-stale"
    | "device-online"
    | "device-offline"
    | "device-stale"
    | "rebirth-requested"
    | "gap";
  /** `group/edge node`. */
  readonly node: string;
  readonly device?: string;
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}
