import { Noise } from "./random.ts";

/** States of a machine, as OPC UA enumeration values. */
export const MachineState = { Off: 0, WarmingUp: 1, Running: 2, Idle: 3, Fault: 4 } as const;
/** Texts of `MachineState`, by number. */
export const MACHINE_STATE_NAMES = ["Off", "Warming up", "Running", "Idle", "Fault"] as const;

/** A working range, served as the standard structure Range. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** How a tag is served. */
export type TagType =
  | "Double"
  | "Float"
  | "Int32"
  | "UInt32"
  | "UInt16"
  | "Boolean"
  | "String"
  | "State"
  | "Spectrum"
  | "Limits"
  | "DateTime";

/** One tag of a machine: where it is, what it is, and how it is read from the machine. */
export interface TagDefinition {
  /** Browse path below the machine, `/` between levels. */
  readonly path: string;
  readonly type: TagType;
  /** UCUM code. */
  readonly unit?: string;
  readonly range?: readonly [low: number, high: number];
  read(machine: Machine): number | boolean | string | readonly number[] | Limits | Date;
  /** Whether the server keeps its history. */
  readonly history?: true;
  /** Takes what a client wrote; left out where the tag is read-only. */
  write?(machine: Machine, value: number): void;
}

/** What makes one kind of machine different from another. */
export interface MachineKind {
  readonly type: string;
  /** Seconds for one part. */
  readonly cycle: number;
  /** Working temperature, degrees Celsius. */
  readonly temperature: number;
  /** Power at work, kilowatt. */
  readonly power: number;
  readonly speed: number;
  readonly extra: readonly TagDefinition[];
}

/** The fault in which a machine does not cool down but gets hotter, until it is reset. */
export const FAULT_OVERHEATING = 41;

const AMBIENT = 21;
const WARM_UP_SECONDS = 40;
const SPECTRUM_LINES = 16;

/**
 * One simulated machine. It warms up, makes parts in cycles, rests now and then, and stops on a fault until it is reset.
 * Values hang together: load follows the cycle, current the load, temperature the power, vibration the speed.
 */
export class Machine {
  readonly name: string;
  readonly kind: MachineKind;
  readonly noise: Noise;
  state: number = MachineState.WarmingUp;
  faultCode = 0;
  /** Between machine and server: `frozen` gives no new values, `broken` only bad ones (BadCommunicationError). */
  link: "good" | "frozen" | "broken" = "good";
  seconds = 0;
  inState = 0;
  phase = 0;
  load = 0;
  temperature = AMBIENT;
  partsGood = 0;
  partsBad = 0;
  energy = 0;
  wear = 0;
  vibration = 0.2;
  pressure = 0;
  runSeconds = 0;
  /** Told of every change of state. */
  onState: ((from: number, to: number) => void) | undefined;
  #restAfter: number;

  constructor(name: string, kind: MachineKind, seed: number) {
    this.name = name;
    this.kind = kind;
    this.noise = new Noise(seed);
    this.#restAfter = 300 + this.noise.next() * 600;
    // Not everything starts cold at the same moment.
    this.temperature = AMBIENT + this.noise.next() * (kind.temperature - AMBIENT) * 0.6;
  }

  /** Lets `seconds` of plant time pass. */
  step(seconds: number): void {
    this.seconds += seconds;
    this.inState += seconds;
    switch (this.state) {
      case MachineState.WarmingUp:
        if (this.inState >= WARM_UP_SECONDS * 0.25) this.#enter(MachineState.Running);
        break;
      case MachineState.Running:
        this.#produce(seconds);
        if (this.inState > this.#restAfter) this.#enter(MachineState.Idle);
        break;
      case MachineState.Idle:
        if (this.inState > 20) this.#enter(MachineState.Running);
        break;
      default:
        break;
    }
    this.#physics(seconds);
  }

  triggerFault(code: number): void {
    this.faultCode = code;
    this.#enter(MachineState.Fault);
  }

  resetFault(): void {
    if (this.state !== MachineState.Fault) return;
    this.faultCode = 0;
    this.#enter(MachineState.WarmingUp);
  }

  /** A vibration spectrum with its peak at the turning speed. */
  spectrum(): number[] {
    return Array.from({ length: SPECTRUM_LINES }, (_, line) => {
      const peak = Math.exp(-((line - 4) ** 2) / 3) + 0.4 * Math.exp(-((line - 9) ** 2) / 2);
      return round(this.vibration * (peak + 0.05 + Math.abs(this.noise.normal()) * 0.03), 4);
    });
  }

  #enter(state: number): void {
    const from = this.state;
    this.state = state;
    this.inState = 0;
    if (state === MachineState.Running) this.#restAfter = 300 + this.noise.next() * 600;
    if (state !== from) this.onState?.(from, state);
  }

  #produce(seconds: number): void {
    this.runSeconds += seconds;
    this.phase += seconds / this.kind.cycle;
    while (this.phase >= 1) {
      this.phase -= 1;
      if (this.noise.next() < 0.02 + this.wear * 0.05) this.partsBad += 1;
      else this.partsGood += 1;
      this.wear = Math.min(1, this.wear + 0.0005);
    }
  }

  #physics(seconds: number): void {
    const running = this.state === MachineState.Running;
    const cycleLoad = running
      ? 0.55 + 0.35 * Math.sin(this.phase * 2 * Math.PI)
      : this.state === MachineState.WarmingUp
        ? 0.35
        : 0.05;
    this.load += (cycleLoad - this.load) * Math.min(1, seconds / 1.5);
    const stopped = this.state === MachineState.Off || this.state === MachineState.Fault;
    const overheating = this.state === MachineState.Fault && this.faultCode === FAULT_OVERHEATING;
    const target = overheating ? this.kind.temperature * 1.6 : stopped ? AMBIENT : this.kind.temperature;
    this.temperature +=
      (target + this.load * 6 - this.temperature) * Math.min(1, seconds / WARM_UP_SECONDS) + this.noise.normal() * 0.05;
    this.energy += (this.kind.power * this.load * seconds) / 3600;
    this.vibration = Math.max(0.05, 0.2 + this.load * 1.8 + this.wear * 2 + this.noise.normal() * 0.04);
    this.pressure = Math.max(0, 40 + this.load * 120 + this.noise.normal() * 0.8);
  }
}

/** A number with so many decimal places. */
export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
