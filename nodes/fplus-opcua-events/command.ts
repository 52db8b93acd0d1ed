import { FplusError } from "../../lib/errors/index.ts";
import {
  CONDITION_ACTIONS,
  type ConditionAction,
  type ConditionCommand,
  type ConditionList,
} from "../../lib/opcua/index.ts";

type Given = Readonly<Record<string, unknown>>;

/**
 * What a message wants done: `topic` is the action, `payload` names the conditions: an event as this node sends it, an
 * object with `conditionId` or `eventId`, the text of a conditionId, or a list of these. What is left out is taken from
 * the newest state of the condition.
 * @throws FplusError `opcua.condition` naming the field
 */
export function commandsOf(msg: Given, conditions: ConditionList): ConditionCommand[] {
  const { topic, payload } = msg;
  const action = CONDITION_ACTIONS.find((known) => known === topic);
  if (action === undefined) {
    throw new FplusError("opcua.condition", `no command ${String(topic).slice(0, 60)}`, {
      field: "topic",
      hint: `Use refresh, ${CONDITION_ACTIONS.join(", ")}.`,
    });
  }
  const named: unknown[] = Array.isArray(payload) ? payload : [payload];
  return named.map((one) => commandFor(action, one, msg, conditions));
}

function commandFor(action: ConditionAction, named: unknown, msg: Given, conditions: ConditionList): ConditionCommand {
  const given: Given =
    typeof named === "object" && named !== null ? (named as Given) : { conditionId: named === "" ? undefined : named };
  const wanted = { ...textOf(given, "conditionId"), ...textOf(given, "eventId") };
  const known = conditions.find(wanted);
  const conditionId = wanted.conditionId ?? known?.conditionId;
  const eventId = wanted.eventId ?? known?.eventId;
  if (conditionId === undefined) {
    throw new FplusError("opcua.condition", "no condition is named", {
      field: "payload.conditionId",
      hint: "Send an event as it came, or its conditionId.",
    });
  }
  // The comment of an event is what somebody said before.
  const comment = msg["comment"] ?? (given["eventType"] === undefined ? given["comment"] : undefined);
  const seconds = msg["seconds"] ?? given["seconds"];
  return {
    action,
    conditionId,
    ...(eventId === undefined ? {} : { eventId }),
    ...(typeof comment === "string" ? { comment } : {}),
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
  };
}

function textOf<K extends string>(given: Given, field: K): Partial<Record<K, string>> {
  const value = given[field];
  return typeof value === "string" && value !== "" ? ({ [field]: value } as Record<K, string>) : {};
}
