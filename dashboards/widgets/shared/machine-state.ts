import type { DeviceState, DirectoryDevice, DirectorySignal } from "../../../lib/live/protocol.ts";
import type { LiveClient } from "./live-client.ts";

/** What a machine does, in one of seven moods; the colours and shapes of the whole visualiser. */
export type Mood = "running" | "idle" | "busy" | "fault" | "stale" | "offline" | "unknown";

/** A device with its signals, as the pages show it. */
export interface MachineView {
  readonly device: DirectoryDevice;
  readonly signals: readonly DirectorySignal[];
  /** The signal that says what it does; undefined where there is none. */
  readonly state: DirectorySignal | undefined;
  /** The most telling numbers, most telling first. */
  readonly key: readonly DirectorySignal[];
}

const STATE_NAME = /(^|\/)(machine_?)?(state|status|mode)$/i;
const MOODS: readonly (readonly [Mood, RegExp])[] = [
  ["fault", /fault|error|alarm|fail|emergency|abort|störung/i],
  ["busy", /warm|start|setup|set up|prepar|hold|paus|suspend|clear|reset/i],
  ["running", /run|work|auto|execut|produc|online|active|ok\b|good|betrieb/i],
  ["idle", /idle|wait|stand|stop|ready|off|complete|manual/i],
];
const TELLING: readonly RegExp[] = [
  /^temperature$/i,
  /^load$/i,
  /oee$/i,
  /power$/i,
  /partsgood|good.?count|count$/i,
  /speed$/i,
  /pressure$/i,
  /vibration$/i,
];
const KEY_VALUES = 4;

/** Devices with their signals: machines of a line first, otherwise in the order of the directory. */
export function machinesOf(devices: readonly DirectoryDevice[], signals: readonly DirectorySignal[]): MachineView[] {
  const byDevice = new Map<string, DirectorySignal[]>();
  for (const signal of signals) {
    const own = byDevice.get(signal.device);
    if (own === undefined) byDevice.set(signal.device, [signal]);
    else own.push(signal);
  }
  return devices
    .filter((device) => device.key.includes("/") && byDevice.has(device.key) && device.key.split("/").length > 2)
    .map((device) => {
      const own = byDevice.get(device.key) ?? [];
      return { device, signals: own, state: stateSignal(own), key: keySignals(own) };
    })
    .sort((a, b) => rank(a) - rank(b));
}

/** What stands deep in a hierarchy and has a state comes before what is merely there. */
function rank({ device, state }: MachineView): number {
  return 2 * Math.max(0, 4 - device.hierarchy.length) + (state === undefined ? 1 : 0);
}

function stateSignal(signals: readonly DirectorySignal[]): DirectorySignal | undefined {
  return signals.filter(({ metric }) => STATE_NAME.test(metric)).sort((a, b) => a.metric.length - b.metric.length)[0];
}

function keySignals(signals: readonly DirectorySignal[]): DirectorySignal[] {
  const numeric = signals.filter(
    (signal) => signal.numeric && !STATE_NAME.test(signal.metric) && !/code$/i.test(signal.metric),
  );
  const telling = TELLING.flatMap((name) =>
    numeric.filter(({ metric }) => name.test(metric.split("/").at(-1) ?? "")).slice(0, 1),
  );
  return [...new Set([...telling, ...numeric])].slice(0, KEY_VALUES);
}

/** Mood and words for a machine: whether it can be reached at all comes first. */
export function moodOf(machine: MachineView, client: LiveClient): { mood: Mood; text: string; reason?: string } {
  const reach: DeviceState = client.states[machine.device.key] ?? "unknown";
  const away = AWAY[reach];
  if (away !== undefined) {
    const reason = client.reasons[machine.device.key];
    return { ...away, ...(reason ? { reason } : {}) };
  }
  const live = machine.state === undefined ? undefined : client.values.get(machine.state.id);
  if (live === undefined || live.value === null)
    return reach === "online" ? { mood: "idle", text: "Online" } : { mood: "unknown", text: "No data" };
  const text = String(live.value);
  const mood = MOODS.find(([, words]) => words.test(text))?.[0] ?? "idle";
  return {
    mood,
    text: typeof live.value === "number" ? `State ${text}` : text.charAt(0).toUpperCase() + text.slice(1),
  };
}

/** Devices whose values say nothing of what the machine does. */
const AWAY: Partial<Record<DeviceState, { mood: Mood; text: string }>> = {
  offline: { mood: "offline", text: "Offline" },
  stale: { mood: "stale", text: "Stale" },
  error: { mood: "fault", text: "Device error" },
};

/** Where a machine stands, in words. */
export function placeOf({ device }: MachineView): string {
  return device.hierarchy.join(" › ") || "Devices";
}
