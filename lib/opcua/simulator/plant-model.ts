import { COMMON_TAGS, DEVICE_KIND, DEVICE_TAGS, MACHINE_KINDS } from "./catalogue.ts";
import { Machine, round, type TagDefinition } from "./machine.ts";

/** One machine of the plant with the tags it is served with. */
export interface ModelledMachine {
  readonly machine: Machine;
  /** ISA-95 folders from the outside in: enterprise, site, area, line. Empty for the devices of DeviceSet. */
  readonly hierarchy: readonly string[];
  readonly tags: readonly TagDefinition[];
}

/** Size of the modelled plant and the seed of its noise. */
export interface PlantModelOptions {
  /** About how many tags in all, 6 to 10,000. */
  readonly tags: number;
  readonly seed: number;
}

const ENTERPRISE = ["Acme", "Sheffield"] as const;
const AREAS = ["Machining", "Assembly", "Packaging"] as const;
const MACHINES_PER_LINE = 6;

/**
 * The simulated plant: Device1 and Device2 of the owner's document, and lines of six machines until there are
 * as many tags as asked for. Deterministic for a seed; it has no clock of its own.
 */
export class PlantModel {
  readonly machines: readonly ModelledMachine[];
  readonly devices: readonly ModelledMachine[];

  constructor({ tags, seed }: PlantModelOptions) {
    this.devices = ["Device1", "Device2"].map((name, i) => ({
      machine: new Machine(name, DEVICE_KIND, seed + 1000 + i),
      hierarchy: [],
      tags: DEVICE_TAGS,
    }));
    const machines: ModelledMachine[] = [];
    let left = Math.max(6, tags) - this.devices.length * DEVICE_TAGS.length;
    for (let i = 0; left > 0; i++) {
      const modelled = modelMachine(i, seed, left);
      machines.push(modelled);
      left -= modelled.tags.length;
    }
    this.machines = machines;
  }

  get all(): readonly ModelledMachine[] {
    return [...this.devices, ...this.machines];
  }

  get tagCount(): number {
    return this.all.reduce((sum, { tags }) => sum + tags.length, 0);
  }

  step(seconds: number): void {
    for (const { machine } of this.all) machine.step(seconds);
  }

  machine(name: string): Machine | undefined {
    return this.all.find(({ machine }) => machine.name === name)?.machine;
  }
}

function modelMachine(index: number, seed: number, limit: number): ModelledMachine {
  const kind = MACHINE_KINDS[index % MACHINE_KINDS.length]!;
  const line = Math.floor(index / MACHINES_PER_LINE);
  const name = `${kind.type}${String(line + 1).padStart(2, "0")}`;
  const own = [...COMMON_TAGS.slice(0, 4), ...kind.extra, ...COMMON_TAGS.slice(4)];
  // A large plant is asked for by its number of tags: later lines carry more measuring points a machine.
  const more = line === 0 ? 0 : Math.min(60, Math.max(0, limit - own.length));
  return {
    machine: new Machine(name, kind, seed + index),
    hierarchy: [...ENTERPRISE, AREAS[line % AREAS.length]!, `Line${line + 1}`],
    tags: [...own, ...measuringPoints(more)].slice(0, limit),
  };
}

function measuringPoints(count: number): TagDefinition[] {
  return Array.from({ length: count }, (_, i) => ({
    path: `Points/P${String(i + 1).padStart(2, "0")}`,
    type: "Double" as const,
    unit: "V",
    range: [0, 10] as const,
    read: (machine: Machine) => round(5 + 3 * Math.sin(machine.seconds / (5 + i)) + machine.noise.normal() * 0.02, 3),
  }));
}
