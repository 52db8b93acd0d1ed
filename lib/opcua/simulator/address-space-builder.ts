import type { AddressSpace, Namespace, UADataType, UAObject, UAVariable } from "node-opcua";
import type { Opcua } from "../load.ts";
import { type Limits, MACHINE_STATE_NAMES, type Machine, type TagDefinition } from "./machine.ts";
import type { ModelledMachine } from "./plant-model.ts";

/** A tag of a machine as a variable of the server. */
export interface ServedTag {
  readonly variable: UAVariable;
  readonly definition: TagDefinition;
  readonly machine: Machine;
  /** The value set last, to tell what a client wrote since. */
  shown?: unknown;
}

const SUBSCRIBE_TO_EVENTS = 1;
const READABLE = "CurrentRead";
const WRITABLE = "CurrentRead | CurrentWrite";

/** Makes folders, machine objects and variables, with readable NodeIds. */
export class AddressSpaceBuilder {
  readonly #opcua: Opcua;
  readonly #namespace: Namespace;
  readonly #server: UAObject;
  readonly #folders = new Map<string, UAObject>();
  readonly #stateType: UADataType;
  readonly #machineTypes = new Map<string, ReturnType<Namespace["addObjectType"]>>();

  constructor(opcua: Opcua, space: AddressSpace) {
    this.#opcua = opcua;
    const namespace = space.getOwnNamespace();
    this.#namespace = namespace;
    this.#server = space.rootFolder.objects.server;
    this.#stateType = namespace.addEnumerationType({
      browseName: "MachineStateEnumeration",
      enumeration: MACHINE_STATE_NAMES.map((displayName, value) => ({ displayName, value })),
    });
  }

  folder(parent: UAObject, name: string): UAObject {
    const key = `${parent.nodeId.toString()}/${name}`;
    let folder = this.#folders.get(key);
    if (folder === undefined) {
      folder = this.#namespace.addFolder(parent, { browseName: name });
      this.#folders.set(key, folder);
    }
    return folder;
  }

  variable(parent: UAObject, name: string, nodeId: string, type: "UInt32" | "String"): UAVariable {
    const dataType = this.#opcua.DataType[type];
    return this.#namespace.addVariable({
      organizedBy: parent,
      browseName: name,
      nodeId,
      dataType,
      minimumSamplingInterval: 0,
      value: { dataType, value: type === "String" ? "starting" : 0 },
    });
  }

  machine(parent: UAObject, { machine, tags }: ModelledMachine): ServedTag[] {
    const object = this.#namespace.addObject({
      organizedBy: parent,
      browseName: machine.name,
      nodeId: `s=${machine.name}`,
      eventNotifier: SUBSCRIBE_TO_EVENTS,
      eventSourceOf: this.#server,
      typeDefinition: this.#machineType(machine.kind.type),
    });
    this.#method(object, machine, "TriggerFault", (code) => machine.triggerFault(code));
    this.#method(object, machine, "ResetFault", () => machine.resetFault());
    return tags.map((definition) => {
      const levels = definition.path.split("/");
      const name = levels.pop()!;
      const holder = levels.reduce<UAObject>((above, level) => this.#component(above, level), object);
      return { machine, definition, variable: this.#tag(holder, machine, name, definition) };
    });
  }

  #machineType(kind: string): ReturnType<Namespace["addObjectType"]> {
    let type = this.#machineTypes.get(kind);
    if (type === undefined) {
      type = this.#namespace.addObjectType({ browseName: `${kind}Type` });
      this.#machineTypes.set(kind, type);
    }
    return type;
  }

  #component(parent: UAObject, name: string): UAObject {
    const key = `${parent.nodeId.toString()}/${name}`;
    let component = this.#folders.get(key);
    if (component === undefined) {
      component = this.#namespace.addObject({
        componentOf: parent,
        browseName: name,
        nodeId: `s=${idText(parent)}.${name}`,
      });
      this.#folders.set(key, component);
    }
    return component;
  }

  #tag(parent: UAObject, machine: Machine, name: string, definition: TagDefinition): UAVariable {
    const { DataType } = this.#opcua;
    const spectrum = definition.type === "Spectrum";
    const variable = this.#namespace.addVariable({
      componentOf: parent,
      browseName: name,
      nodeId: `s=${machine.name}.${definition.path.replaceAll("/", ".")}`,
      dataType:
        definition.type === "State"
          ? this.#stateType.nodeId
          : definition.type === "Limits"
            ? "Range"
            : DataType[builtInType(definition)],
      valueRank: spectrum ? 1 : -1,
      accessLevel: definition.write === undefined ? READABLE : WRITABLE,
      userAccessLevel: definition.write === undefined ? READABLE : WRITABLE,
      // Changes are pushed, so the server needs no sampling timer of its own.
      minimumSamplingInterval: 0,
      value: variantOf(this.#opcua, { definition, machine }),
    });
    if (definition.unit !== undefined) this.#units(variable, definition);
    return variable;
  }

  #units(variable: UAVariable, { unit, range }: TagDefinition): void {
    const { DataType, makeEUInformation, Range } = this.#opcua;
    this.#namespace.addVariable({
      propertyOf: variable,
      browseName: { name: "EngineeringUnits", namespaceIndex: 0 },
      dataType: "EUInformation",
      value: { dataType: DataType.ExtensionObject, value: makeEUInformation(unit!, unit!, unit!) },
    });
    if (range === undefined) return;
    this.#namespace.addVariable({
      propertyOf: variable,
      browseName: { name: "EURange", namespaceIndex: 0 },
      dataType: "Range",
      value: { dataType: DataType.ExtensionObject, value: new Range({ low: range[0], high: range[1] }) },
    });
  }

  #method(object: UAObject, machine: Machine, name: string, run: (code: number) => void): void {
    const { DataType, StatusCodes } = this.#opcua;
    const method = this.#namespace.addMethod(object, {
      browseName: name,
      nodeId: `s=${machine.name}.${name}`,
      inputArguments:
        name === "TriggerFault" ? [{ name: "Code", description: "1 to 65535", dataType: DataType.UInt16 }] : [],
      outputArguments: [],
    });
    method.bindMethod((input, _context, done) => {
      run(Number((input[0]?.value as number | undefined) ?? 1));
      done(null, { statusCode: StatusCodes.Good, outputArguments: [] });
    });
  }
}

function idText(object: UAObject): string {
  return String(object.nodeId.value);
}

function builtInType({ type }: TagDefinition) {
  switch (type) {
    case "State":
      return "Int32";
    case "Spectrum":
      return "Double";
    case "Limits":
      return "ExtensionObject";
    default:
      return type;
  }
}

/** The tag's value of now as a Variant. */
export function variantOf(opcua: Opcua, { definition, machine }: Omit<ServedTag, "variable">) {
  const value = definition.read(machine);
  const dataType = opcua.DataType[builtInType(definition)];
  if (definition.type === "Spectrum")
    return { dataType, arrayType: opcua.VariantArrayType.Array, value: Float64Array.from(value as number[]) };
  if (definition.type === "Limits") return { dataType, value: new opcua.Range(value as Limits) };
  return { dataType, value };
}
