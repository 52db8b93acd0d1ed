import { type SampleBatch, signals, Status, statusName } from "../../sample/index.ts";
import type { DeviceCondition, DeviceStatus } from "./device-status.ts";

/** How devices of one source are judged. */
export interface DeviceBoardOptions {
  /** A device that gives no value for so long is stale; 0 for never. */
  readonly staleMs: number;
  /** Whether a device is stale only where another one gave values meanwhile: silence of all is the source's, or a quiet night. */
  readonly needsSiblings: boolean;
  /** How long a source that breaks off is waited for. */
  readonly patienceMs: number;
  /** How long a device is waited for that has given no value since its source was found. */
  readonly firstMs: number;
  readonly onChange: (changes: readonly DeviceStatus[]) => void;
}

interface Device {
  readonly name: string;
  /** What was told last; undefined before the first word. */
  told: DeviceStatus | undefined;
  /** Of the newest value, and of the moment since which one is waited for. */
  heard: number;
  since: number;
  hasSpoken: boolean;
  /** Signals that came, and those whose newest value is bad. */
  signals: number;
  bad: number;
  /** StatusCode of the newest bad value. */
  lastBad: number;
}

/**
 * Which devices of a source are online, stale, in error or offline, and why. A device is offline until it gives a value; the
 * first word about it is said when it does, or when it was waited for long enough.
 */
export class DeviceBoard {
  readonly #options: DeviceBoardOptions;
  readonly #devices = new Map<string, Device>();
  #followed: ReadonlySet<string> = new Set();
  /** Followed once, and not any more: what still comes of them is not heard. */
  readonly #left = new Set<string>();
  /** By signal: its device, and whether its newest value is bad. */
  readonly #bySignal: (Device | undefined)[] = [];
  readonly #isBad: boolean[] = [];
  /** Why the source cannot be reached; undefined while it can. */
  #lost: { reason: string; readonly at: number } | undefined;
  /** Why nothing can be said of how its devices are, though it can be reached; undefined while it speaks. */
  #silent: string | undefined;
  #heard = 0;

  constructor(options: DeviceBoardOptions) {
    this.#options = options;
  }

  /** Devices to be expected from now on, before they give any value; those that were before and are not any more are offline. */
  follow(names: readonly string[], now = Date.now()): void {
    const wanted = new Set(names);
    const gone = [...this.#followed].filter((name) => !wanted.has(name));
    this.#followed = wanted;
    for (const name of wanted) {
      this.#left.delete(name);
      this.#device(name, now);
    }
    if (gone.length > 0) this.#leave(gone, now);
  }

  /** Values that came; says at once who is online again. */
  samples(batch: SampleBatch, now = Date.now()): void {
    this.#lost = undefined;
    this.#silent = undefined;
    this.#heard = now;
    const changed = new Set<Device>();
    for (let i = 0; i < batch.length; i++) {
      const id = batch.signal[i]!;
      const device = this.#bySignal[id] ?? this.#learn(id, now);
      if (device === undefined) continue;
      device.heard = now;
      device.hasSpoken = true;
      const status = batch.status[i]!;
      const isBad = status >= Status.Bad;
      if (isBad) device.lastBad = status;
      if (isBad !== this.#isBad[id]) {
        this.#isBad[id] = isBad;
        device.bad += isBad ? 1 : -1;
        changed.add(device);
      } else if (device.told?.state !== "online" && device.told?.state !== "error") changed.add(device);
    }
    // What is bad is judged at the next look: the first values of a device may come one after another.
    const better = [...changed].filter(({ signals: known, bad }) => bad < known);
    if (better.length > 0) this.#tell(better, now);
  }

  /** The source cannot be reached. */
  lost(reason: string, now = Date.now()): void {
    if (this.#lost === undefined) this.#lost = { reason, at: now };
    else this.#lost.reason = reason;
  }

  /** The source can be reached: its devices are online when they give values. */
  found(now = Date.now()): void {
    if (this.#lost === undefined) return;
    this.#lost = undefined;
    for (const device of this.#devices.values()) {
      device.hasSpoken = false;
      device.since = now;
    }
  }

  /** The source can be reached, yet a word of it is overdue: what is known of its devices is stale. Undefined once it is not. */
  silent(reason: string | undefined): void {
    this.#silent = reason;
  }

  /** To be called about twice a second: says who has become stale or offline. */
  look(now = Date.now()): void {
    this.#tell([...this.#devices.values()], now);
  }

  /** The last word about every device. */
  statuses(): DeviceStatus[] {
    return [...this.#devices.values()].flatMap(({ told }) => told ?? []);
  }

  #leave(names: readonly string[], now: number): void {
    const changes: DeviceStatus[] = [];
    for (const name of names) {
      const told = this.#devices.get(name)?.told;
      this.#devices.delete(name);
      this.#left.add(name);
      if (told !== undefined && told.state !== "offline")
        changes.push({ device: name, state: "offline", reason: "no longer read", at: now });
    }
    this.#bySignal.forEach((device, id) => {
      if (device !== undefined && this.#left.has(device.name)) this.#bySignal[id] = undefined;
    });
    if (changes.length > 0) this.#options.onChange(changes);
  }

  #learn(id: number, now: number): Device | undefined {
    const { device: name } = signals.get(id);
    if (this.#left.has(name)) return undefined;
    const device = this.#device(name, now);
    this.#bySignal[id] = device;
    this.#isBad[id] = false;
    device.signals += 1;
    return device;
  }

  #device(name: string, now: number): Device {
    let device = this.#devices.get(name);
    if (device === undefined) {
      device = { name, told: undefined, heard: now, since: now, hasSpoken: false, signals: 0, bad: 0, lastBad: 0 };
      this.#devices.set(name, device);
    }
    return device;
  }

  #tell(devices: readonly Device[], now: number): void {
    const changes: DeviceStatus[] = [];
    for (const device of devices) {
      const judged = this.#judge(device, now);
      if (judged === undefined) continue;
      const [state, reason] = judged;
      if (device.told?.state === state && (device.told.reason === reason || state === "stale")) continue;
      const at = device.told?.state === state ? device.told.at : now;
      device.told = { device: device.name, state, reason, at };
      changes.push(device.told);
    }
    if (changes.length > 0) this.#options.onChange(changes);
  }

  /** Undefined while it is too early to say. */
  #judge(device: Device, now: number): [DeviceCondition, string] | undefined {
    const { patienceMs, firstMs, staleMs, needsSiblings } = this.#options;
    if (this.#lost !== undefined) return now - this.#lost.at >= patienceMs ? ["offline", this.#lost.reason] : undefined;
    if (!device.hasSpoken) return now - device.since >= firstMs ? ["offline", "no value yet"] : undefined;
    if (this.#silent !== undefined) return ["stale", this.#silent];
    if (device.signals > 0 && device.bad === device.signals) return ["error", statusName(device.lastBad)];
    const silence = now - device.heard;
    const isSilent = staleMs > 0 && silence > staleMs;
    if (isSilent && (!needsSiblings || this.#heard > device.heard))
      return ["stale", `no value for ${Math.round(silence / 1000)} s`];
    // What is stale stays so until it gives a value.
    if (device.told?.state === "stale" && isSilent) return undefined;
    return ["online", ""];
  }
}
