/** How a device is doing, best first. */
export type DeviceCondition = "online" | "stale" | "error" | "offline";

/** A device's state with its reason, as flows, MQTT and screens get it. */
export interface DeviceStatus {
  readonly device: string;
  readonly state: DeviceCondition;
  /** Why it is not online; empty while it is. */
  readonly reason: string;
  /** Milliseconds since the epoch of the last change of state. */
  readonly at: number;
}

const RANK: Readonly<Record<DeviceCondition, number>> = { online: 0, stale: 1, error: 2, offline: 3 };

/** The worse of two accounts of one device; of two alike the first, or the one that knows a reason. */
export function worseOf(a: DeviceStatus, b: DeviceStatus): DeviceStatus {
  if (RANK[a.state] !== RANK[b.state]) return RANK[a.state] > RANK[b.state] ? a : b;
  return a.reason === "" && b.reason !== "" ? b : a;
}

/** Reads a device's status from a message's payload, which may be anything; undefined where it is none. */
export function deviceStatusOf(payload: unknown): DeviceStatus | undefined {
  const { device, state, reason, at } = (payload ?? {}) as Partial<Record<keyof DeviceStatus, unknown>>;
  if (typeof device !== "string" || device === "" || typeof state !== "string" || !Object.hasOwn(RANK, state))
    return undefined;
  return {
    device,
    state: state as DeviceCondition,
    reason: typeof reason === "string" ? reason : "",
    at: typeof at === "number" && Number.isFinite(at) ? at : Date.now(),
  };
}
