import { type Machine, type MachineKind, MachineState, round, type TagDefinition } from "./machine.ts";

const noisy = (machine: Machine, value: number, spread: number, digits = 2): number =>
  round(value + machine.noise.normal() * spread, digits);

/** What every machine has: state, production, energy, condition, drive, controls. */
export const COMMON_TAGS: readonly TagDefinition[] = [
  { path: "State", type: "State", history: true, read: (m) => m.state },
  { path: "FaultCode", type: "UInt16", read: (m) => m.faultCode },
  {
    path: "Temperature",
    type: "Double",
    unit: "Cel",
    range: [0, 260],
    history: true,
    read: (m) => noisy(m, m.temperature, 0.08),
  },
  { path: "Load", type: "Float", unit: "%", range: [0, 100], read: (m) => noisy(m, m.load * 100, 0.6, 1) },
  { path: "Production/PartsGood", type: "UInt32", history: true, read: (m) => m.partsGood },
  { path: "Production/PartsBad", type: "UInt32", read: (m) => m.partsBad },
  {
    path: "Production/CycleTime",
    type: "Double",
    unit: "s",
    range: [0, 60],
    read: (m) => noisy(m, m.kind.cycle, 0.05),
  },
  { path: "Production/CycleProgress", type: "Float", unit: "%", range: [0, 100], read: (m) => round(m.phase * 100, 1) },
  {
    path: "Production/OEE",
    type: "Double",
    unit: "%",
    range: [0, 100],
    read: (m) =>
      round((m.runSeconds / Math.max(1, m.seconds)) * (m.partsGood / Math.max(1, m.partsGood + m.partsBad)) * 100, 1),
  },
  { path: "Production/Order", type: "String", read: (m) => `WO-${1000 + Math.floor(m.partsGood / 50)}` },
  {
    path: "TemperatureLimits",
    type: "Limits",
    unit: "Cel",
    read: (m) => ({ low: m.kind.temperature * 0.8, high: m.kind.temperature * 1.15 }),
  },
  {
    path: "Energy/Power",
    type: "Double",
    unit: "kW",
    range: [0, 120],
    history: true,
    read: (m) => noisy(m, m.kind.power * m.load, m.kind.power * 0.004),
  },
  { path: "Energy/Total", type: "Double", unit: "kW.h", read: (m) => round(m.energy, 3) },
  {
    path: "Energy/Current",
    type: "Double",
    unit: "A",
    range: [0, 200],
    read: (m) => noisy(m, m.kind.power * m.load * 1.6, 0.1),
  },
  { path: "Energy/Voltage", type: "Double", unit: "V", range: [360, 440], read: (m) => noisy(m, 400, 0.7, 1) },
  {
    path: "Condition/Vibration",
    type: "Double",
    unit: "mm/s",
    range: [0, 8],
    history: true,
    read: (m) => round(m.vibration, 3),
  },
  { path: "Condition/VibrationSpectrum", type: "Spectrum", unit: "mm/s", read: (m) => m.spectrum() },
  {
    path: "Condition/BearingTemperature",
    type: "Double",
    unit: "Cel",
    range: [0, 120],
    read: (m) => noisy(m, 28 + m.load * 25 + m.wear * 20, 0.1),
  },
  {
    path: "Condition/ToolWear",
    type: "Double",
    unit: "%",
    range: [0, 100],
    read: (m) => round(m.wear * 100, 2),
    // A new tool: maintenance writes 0.
    write: (m, percent) => void (m.wear = percent / 100),
  },
  { path: "Condition/RunningHours", type: "Double", unit: "h", read: (m) => round(4200 + m.runSeconds / 3600, 4) },
  { path: "Control/Automatic", type: "Boolean", read: (m) => m.state !== MachineState.Fault },
  { path: "Control/DoorClosed", type: "Boolean", read: (m) => m.state !== MachineState.Idle },
];

const speedTag = (path: string, unit: string, range: readonly [number, number]): TagDefinition => ({
  path,
  type: "Double",
  unit,
  range,
  read: (m) =>
    noisy(m, m.kind.speed * (m.state === MachineState.Running ? 0.85 + m.load * 0.2 : 0), m.kind.speed * 0.003, 1),
});

/** The six machines of the line, in the order of the parts' way. */
export const MACHINE_KINDS: readonly MachineKind[] = [
  {
    type: "Press",
    cycle: 4,
    temperature: 62,
    power: 45,
    speed: 0,
    extra: [
      { path: "Hydraulics/Pressure", type: "Double", unit: "bar", range: [0, 250], read: (m) => round(m.pressure, 2) },
      {
        path: "Hydraulics/OilTemperature",
        type: "Double",
        unit: "Cel",
        range: [0, 90],
        read: (m) => noisy(m, 38 + m.load * 12, 0.1),
      },
      { path: "Hydraulics/OilLevel", type: "Float", unit: "%", range: [0, 100], read: (m) => noisy(m, 82, 0.1, 1) },
      {
        path: "Ram/Force",
        type: "Double",
        unit: "kN",
        range: [0, 1200],
        read: (m) => noisy(m, Math.max(0, Math.sin(m.phase * Math.PI)) * 900, 4, 1),
      },
    ],
  },
  {
    type: "Mill",
    cycle: 18,
    temperature: 34,
    power: 22,
    speed: 8000,
    extra: [
      speedTag("Spindle/Speed", "/min", [0, 12_000]),
      { path: "Spindle/Torque", type: "Double", unit: "N.m", range: [0, 120], read: (m) => noisy(m, m.load * 70, 0.6) },
      {
        path: "Axes/X",
        type: "Double",
        unit: "mm",
        range: [0, 800],
        read: (m) => round(400 + 380 * Math.sin(m.phase * 6.28), 3),
      },
      {
        path: "Axes/Y",
        type: "Double",
        unit: "mm",
        range: [0, 500],
        read: (m) => round(250 + 230 * Math.cos(m.phase * 12.56), 3),
      },
      {
        path: "Axes/Z",
        type: "Double",
        unit: "mm",
        range: [0, 400],
        read: (m) => round(200 + 60 * Math.sin(m.phase * 25), 3),
      },
      {
        path: "Coolant/Flow",
        type: "Double",
        unit: "L/min",
        range: [0, 40],
        read: (m) => noisy(m, m.state === MachineState.Running ? 24 : 0, 0.2),
      },
    ],
  },
  {
    type: "Oven",
    cycle: 30,
    temperature: 215,
    power: 80,
    speed: 0.4,
    extra: [
      {
        path: "Zones/Zone1",
        type: "Double",
        unit: "Cel",
        range: [0, 260],
        read: (m) => noisy(m, m.temperature * 0.92, 0.2),
      },
      { path: "Zones/Zone2", type: "Double", unit: "Cel", range: [0, 260], read: (m) => noisy(m, m.temperature, 0.2) },
      {
        path: "Zones/Zone3",
        type: "Double",
        unit: "Cel",
        range: [0, 260],
        read: (m) => noisy(m, m.temperature * 0.96, 0.2),
      },
      { path: "Setpoint", type: "Double", unit: "Cel", range: [0, 260], read: (m) => m.kind.temperature },
      speedTag("Belt/Speed", "m/min", [0, 1]),
    ],
  },
  {
    type: "Robot",
    cycle: 7,
    temperature: 41,
    power: 6,
    speed: 1500,
    extra: [
      ...[1, 2, 3, 4, 5, 6].map((axis): TagDefinition => ({
        path: `Joints/J${axis}`,
        type: "Double",
        unit: "deg",
        range: [-180, 180],
        read: (m) => round(90 * Math.sin(m.phase * 6.28 + axis), 2),
      })),
      { path: "Gripper/Closed", type: "Boolean", read: (m) => m.phase > 0.3 && m.phase < 0.7 },
    ],
  },
  {
    type: "Conveyor",
    cycle: 2,
    temperature: 30,
    power: 3,
    speed: 24,
    extra: [
      speedTag("Belt/Speed", "m/min", [0, 40]),
      {
        path: "Belt/Tension",
        type: "Double",
        unit: "N",
        range: [0, 2000],
        read: (m) => noisy(m, 1200 + m.load * 150, 5, 0),
      },
      { path: "Sensors/PartPresent", type: "Boolean", read: (m) => m.phase < 0.4 },
      { path: "Sensors/Count", type: "Int32", read: (m) => m.partsGood + m.partsBad },
    ],
  },
  {
    type: "Packer",
    cycle: 5,
    temperature: 128,
    power: 9,
    speed: 60,
    extra: [
      {
        path: "Sealing/Temperature",
        type: "Double",
        unit: "Cel",
        range: [0, 180],
        read: (m) => noisy(m, m.temperature, 0.3),
      },
      {
        path: "Sealing/Pressure",
        type: "Double",
        unit: "bar",
        range: [0, 10],
        read: (m) => noisy(m, 5.5 + m.load, 0.03),
      },
      {
        path: "Film/Remaining",
        type: "Double",
        unit: "m",
        range: [0, 800],
        read: (m) => round(800 - ((m.partsGood * 0.4) % 800), 1),
      },
      { path: "Film/LastChange", type: "DateTime", read: (m) => new Date(Date.now() - (m.partsGood % 2000) * 2500) },
      { path: "Weigher/Weight", type: "Double", unit: "g", range: [0, 1000], read: (m) => noisy(m, 500, 1.5, 1) },
    ],
  },
];

/** The owner's simple device: temperature, pressure, status. */
export const DEVICE_KIND: MachineKind = { type: "Device", cycle: 10, temperature: 75, power: 5, speed: 0, extra: [] };
/** What Device1 and Device2 of the owner's document have. */
export const DEVICE_TAGS: readonly TagDefinition[] = [
  { path: "Temperature", type: "Double", unit: "Cel", range: [0, 120], read: (m) => noisy(m, m.temperature, 0.1) },
  { path: "Pressure", type: "Double", unit: "bar", range: [0, 250], read: (m) => round(m.pressure, 2) },
  { path: "Status", type: "String", read: (m) => (m.state === MachineState.Fault ? "error" : "online") },
];
