import type { AddressSpace, Namespace, UAAlarmConditionEx, UAEventType, UAObject, UAVariable } from "node-opcua";
import type { Opcua } from "../load.ts";
import { type Machine, MACHINE_STATE_NAMES } from "./machine.ts";

/** Above the working temperature by this much a machine is too hot, and by the second figure dangerously so. */
const TOO_HOT = [1.2, 1.35] as const;
/** Severities from 1 to 1000 (OPC 10000-5 6.4.2). */
const SEVERITY = { notice: 100, high: 500, fault: 700, highHigh: 800 } as const;
const ACKNOWLEDGED_BY_HAND = ["ConfirmedState", "Confirm", "ShelvingState"];

/** One shift. */
const LONGEST_SHELVING_MS = 8 * 3_600_000;

/** Words and severity of a change. */
type Describe = (state: string | null, isActive: boolean, value: string) => { message: string; severity: number };

/**
 * Alarms of the simulated machines: too hot (an exclusive limit alarm), stopped by a fault (an off-normal alarm), both to be
 * acknowledged and confirmed; and an event at every change of a machine's state. Conditions are found by the
 * HasCondition references of their machine, not among its components, so that they are no tags.
 */
export class MachineAlarms {
  readonly #opcua: Opcua;
  readonly #namespace: Namespace;
  readonly #stateChange: UAEventType;

  constructor(opcua: Opcua, space: AddressSpace) {
    this.#opcua = opcua;
    this.#namespace = space.getOwnNamespace();
    space.installAlarmsAndConditionsService();
    this.#stateChange = this.#namespace.addEventType({ browseName: "MachineStateEventType", isAbstract: false });
    for (const [browseName, dataType] of [
      ["Machine", "String"],
      ["OldState", "String"],
      ["NewState", "String"],
      ["FaultCode", "UInt16"],
    ] as const)
      this.#namespace.addVariable({ propertyOf: this.#stateChange, browseName, dataType, modellingRule: "Mandatory" });
  }

  /** Watches one machine by its variables. */
  add(machine: Machine, object: UAObject, temperature: UAVariable, faultCode: UAVariable): void {
    this.#tooHot(machine, object, temperature);
    this.#fault(machine, object, faultCode);
    machine.onState = (from, to) => this.#tellState(machine, object, from, to);
  }

  #tooHot(machine: Machine, object: UAObject, inputNode: UAVariable): void {
    const [highLimit, highHighLimit] = TOO_HOT.map((factor) => Math.round(machine.kind.temperature * factor));
    const alarm = this.#namespace.instantiateExclusiveLimitAlarm("ExclusiveLimitAlarmType", {
      ...this.#common(machine, object, "TemperatureAlarm"),
      inputNode,
      highLimit: highLimit!,
      highHighLimit: highHighLimit!,
      lowLimit: -100,
    });
    this.#keepUntilConfirmed(
      alarm,
      machine,
      (state, isActive, value) => ({
        message: `${machine.name} ${isActive ? "is too hot" : "has cooled down"}: ${value} °C`,
        severity: isActive ? (state === "HighHigh" ? SEVERITY.highHigh : SEVERITY.high) : SEVERITY.notice,
      }),
      (state) => alarm.limitState.setState(state),
    );
  }

  #fault(machine: Machine, object: UAObject, inputNode: UAVariable): void {
    const alarm = this.#namespace.instantiateDiscreteAlarm("OffNormalAlarmType", {
      ...this.#common(machine, object, "FaultAlarm"),
      inputNode,
    });
    alarm.onInputDataValueChange = ({ value }) => {
      const code = Number(value.value);
      const isActive = code !== 0;
      if (isActive !== alarm.activeState.getValue())
        alarm.signalNewCondition(isActive ? "Fault" : "Normal", isActive, String(code));
    };
    Object.assign(alarm, { evaluateConditionsAfterEnabled: () => alarm.onInputDataValueChange(inputNode.readValue()) });
    this.#keepUntilConfirmed(alarm, machine, (_state, isActive, value) => ({
      message: isActive ? `${machine.name} stopped by fault ${value}` : `${machine.name} was reset`,
      severity: isActive ? SEVERITY.fault : SEVERITY.notice,
    }));
  }

  #common(machine: Machine, object: UAObject, name: string) {
    return {
      browseName: name,
      nodeId: `s=${machine.name}.${name}`,
      conditionName: name,
      conditionSource: object,
      conditionOf: object,
      maxTimeShelved: LONGEST_SHELVING_MS,
      optionals: [...ACKNOWLEDGED_BY_HAND],
    };
  }

  /**
   * One condition stays until it is no longer active, acknowledged and confirmed. node-opcua itself would branch off a
   * state that nobody has acknowledged, and let go of an active alarm once it is confirmed.
   */
  #keepUntilConfirmed(
    alarm: UAAlarmConditionEx,
    machine: Machine,
    describe: Describe,
    enter?: (state: string | null) => void,
  ): void {
    const { StatusCodes } = this.#opcua;
    alarm.sourceName.setValueFromSource({ dataType: this.#opcua.DataType.String, value: machine.name });
    alarm.currentBranch().setConfirmedState(true);
    alarm.shelvingState?.setState("Unshelved");
    alarm.signalNewCondition = (state, isActive, value) => {
      const branch = alarm.currentBranch();
      enter?.(state);
      branch.setActiveState(isActive);
      if (isActive) {
        branch.setAckedState(false);
        branch.setConfirmedState(true);
      }
      const retain = isActive || !branch.getAckedState() || !branch.getConfirmedState();
      alarm.raiseNewCondition({ ...describe(state, isActive, value), retain, quality: StatusCodes.Good });
    };
    alarm.on("confirmed", (_eventId, _comment, branch) => {
      if (!branch.getActiveState()) return;
      branch.setRetain(true);
      alarm.raiseNewBranchState(branch);
    });
  }

  #tellState(machine: Machine, object: UAObject, from: number, to: number): void {
    const { DataType } = this.#opcua;
    const text = (value: string) => ({ dataType: DataType.String, value }) as const;
    const name = (state: number): string => MACHINE_STATE_NAMES[state] ?? String(state);
    object.raiseEvent(this.#stateChange, {
      sourceNode: { dataType: DataType.NodeId, value: object.nodeId },
      sourceName: text(machine.name),
      message: { dataType: DataType.LocalizedText, value: { text: `${machine.name}: ${name(from)} → ${name(to)}` } },
      severity: { dataType: DataType.UInt16, value: SEVERITY.notice },
      machine: text(machine.name),
      oldState: text(name(from)),
      newState: text(name(to)),
      faultCode: { dataType: DataType.UInt16, value: machine.faultCode },
    });
  }
}
