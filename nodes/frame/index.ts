/**
 * What every node shares: registration, status, samples on wires.
 * @module
 */
export { borrowed } from "./borrowed.ts";
export { type DefineOptions, defineNode, type Message, type NodeBehaviour, type NodeContext } from "./define.ts";
export { stateMessage } from "./device-state.ts";
export { onFlowsStarted } from "./flows-started.ts";
export { amount, liveStatus, Rate } from "./live-status.ts";
export { durationOf, momentOf } from "./moment.ts";
export { numberOf, type NumberRange } from "./number.ts";
export { objectNumber } from "./object-number.ts";
export { batchOf, messagesOf, type OutputShape } from "./samples.ts";
export { serviceOf } from "./service.ts";
export type { StatusState } from "./status.ts";
export { substitute } from "./substitute.ts";
export { switchOf } from "./switch.ts";
