import type { ClientSession, NodeId, VariantLike } from "node-opcua";
import { FplusError, messageOf } from "../errors/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Opcua } from "./load.ts";
import { resolveAddresses } from "./resolve.ts";

/** What can be done about a condition (OPC 10000-9 5.5 to 5.8). */
export type ConditionAction =
  | "acknowledge"
  | "confirm"
  | "comment"
  | "enable"
  | "disable"
  | "shelve"
  | "timedShelve"
  | "unshelve";

/** One thing to do about one condition. */
export interface ConditionCommand {
  readonly action: ConditionAction;
  /** NodeId of the condition. */
  readonly conditionId: string;
  /** Hexadecimal id of the event that is answered; for acknowledge, confirm and comment. */
  readonly eventId?: string;
  readonly comment?: string;
  /** How long it is shelved; for timedShelve. */
  readonly seconds?: number;
}

interface Method {
  /** NodeId of the method in its type; servers find the instance's own by it. */
  readonly id: string;
  readonly name: string;
  /** Whether it belongs to the condition's ShelvingState. */
  readonly shelving?: true;
}

const METHODS: Readonly<Record<ConditionAction, Method>> = {
  acknowledge: { id: "i=9111", name: "Acknowledge" },
  confirm: { id: "i=9113", name: "Confirm" },
  comment: { id: "i=9029", name: "AddComment" },
  enable: { id: "i=9027", name: "Enable" },
  disable: { id: "i=9028", name: "Disable" },
  shelve: { id: "i=2948", name: "OneShotShelve", shelving: true },
  timedShelve: { id: "i=2949", name: "TimedShelve", shelving: true },
  unshelve: { id: "i=2947", name: "Unshelve", shelving: true },
};
const CONDITION_TYPE = "i=2782";
const CONDITION_REFRESH = "i=3875";
/** Answers of servers that have no conditions. */
const NO_CONDITIONS =
  /BadMethodInvalid|BadNodeIdUnknown|BadNodeIdInvalid|BadNotImplemented|BadNotSupported|BadServiceUnsupported|BadNothingToDo|BadUserAccessDenied|BadNotExecutable|BadInternalError|BadInvalidArgument/;

/** The names of all actions. */
export const CONDITION_ACTIONS = Object.keys(METHODS) as readonly ConditionAction[];

/**
 * Does one thing about one condition.
 * @returns the server's StatusCode by name, where it is good
 * @throws FplusError `opcua.unreachable`; `opcua.condition` naming the condition, with the server's StatusCode
 */
export function commandCondition(endpoint: Endpoint, command: ConditionCommand): Promise<string> {
  return endpoint.withSession(async (session, limits, opcua) => {
    const [condition] = await resolveAddresses(session, limits, opcua, [command.conditionId]);
    if (condition === undefined || typeof condition === "string")
      throw fault(command, condition ?? "there is no such condition");
    const inputArguments = argumentsOf(opcua, command);
    const method = METHODS[command.action];
    const holder = method.shelving ? await childOf(session, opcua, condition, "ShelvingState") : undefined;
    const objectId = holder ?? condition;
    // The instance's own method where it shows one, for servers that know no other; otherwise that of the type.
    const methodId = (await childOf(session, opcua, objectId, method.name)) ?? opcua.resolveNodeId(method.id);
    const { statusCode } = await session.call({ objectId, methodId, inputArguments });
    if (!statusCode.isGoodish())
      throw fault(command, `the server answered ${statusCode.name}`, hintFor(statusCode.name));
    return statusCode.name;
  });
}

/**
 * Asks a server to send the state of every condition to a subscription.
 * @returns empty when it does, `none` when it has no conditions, otherwise why not
 */
export async function refreshConditions(opcua: Opcua, session: ClientSession, subscriptionId: number): Promise<string> {
  try {
    const { statusCode } = await session.call({
      objectId: CONDITION_TYPE,
      methodId: CONDITION_REFRESH,
      inputArguments: [{ dataType: opcua.DataType.UInt32, value: subscriptionId }],
    });
    if (statusCode.isGoodish()) return "";
    return NO_CONDITIONS.test(statusCode.name) ? "none" : statusCode.name;
  } catch (error) {
    const text = messageOf(error);
    if (NO_CONDITIONS.test(text)) return "none";
    throw error;
  }
}

function argumentsOf(opcua: Opcua, command: ConditionCommand): VariantLike[] {
  const { DataType } = opcua;
  switch (command.action) {
    case "acknowledge":
    case "confirm":
    case "comment":
      if (command.eventId === undefined || !/^([\da-f]{2})+$/i.test(command.eventId))
        throw fault(command, "the event to answer is not named", "Send its eventId, as the event had it.");
      return [
        { dataType: DataType.ByteString, value: Buffer.from(command.eventId, "hex") },
        { dataType: DataType.LocalizedText, value: opcua.coerceLocalizedText(command.comment ?? "") },
      ];
    case "timedShelve":
      if (!(Number(command.seconds) > 0)) throw fault(command, "seconds is no number above 0");
      return [{ dataType: DataType.Double, value: Number(command.seconds) * 1000 }];
    default:
      return [];
  }
}

async function childOf(session: ClientSession, opcua: Opcua, node: NodeId, name: string): Promise<NodeId | undefined> {
  const { statusCode, targets } = await session.translateBrowsePath(opcua.makeBrowsePath(node, `/${name}`));
  const target = statusCode.isGood() ? targets?.[0]?.targetId : undefined;
  return target && new opcua.NodeId(target.identifierType, target.value, target.namespace);
}

function hintFor(status: string): string | undefined {
  if (status === "BadEventIdUnknown") return "The condition has changed since: answer its newest event.";
  if (status === "BadConditionBranchAlreadyAcked") return "Somebody has acknowledged it already.";
  if (status === "BadUserAccessDenied") return "This user may not do that.";
  return undefined;
}

function fault(command: ConditionCommand, message: string, hint?: string): FplusError {
  return new FplusError("opcua.condition", `cannot ${command.action}: ${message}`, {
    field: command.conditionId,
    ...(hint === undefined ? {} : { hint }),
  });
}
