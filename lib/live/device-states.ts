import { type DeviceStatus, worseOf } from "../gateway/index.ts";
import type { DeviceState } from "./protocol.ts";

/** A device's state as a screen shows it. */
export interface ShownState {
  readonly state: DeviceState;
  /** Why it is not online; empty while it is. */
  readonly reason: string;
}

/**
 * States of devices from both who know them: a Sparkplug host, by `group/edge node/device`, and the gateway that reads them, by
 * their name. The worse of the two counts.
 */
export class DeviceStates {
  readonly #byHost = new Map<string, DeviceStatus>();
  readonly #byGateway = new Map<string, DeviceStatus>();

  /** A birth or a death. */
  host(key: string, state: DeviceStatus["state"], reason: string): void {
    this.#byHost.set(key, { device: nameOf(key), state, reason, at: 0 });
  }

  /** A gateway's word for a device. */
  gateway(status: DeviceStatus): void {
    this.#byGateway.set(status.device, status);
  }

  /** The keys of devices that a host spoke about. */
  keys(): Iterable<string> {
    return this.#byHost.keys();
  }

  /** What is known of a device; undefined where nobody spoke about it. */
  of(key: string): ShownState | undefined {
    const [host, gateway] = [this.#byHost.get(key), this.#byGateway.get(nameOf(key))];
    const told = host === undefined || gateway === undefined ? (host ?? gateway) : worseOf(gateway, host);
    return told === undefined ? undefined : { state: told.state, reason: told.reason };
  }
}

/** The device in `group/edge node/device`. */
export function nameOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
