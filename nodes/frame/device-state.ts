import type { DeviceStatus } from "../../lib/gateway/index.ts";
import type { Message } from "./define.ts";

/** A device's state as a message; `death` is what a sparkplug device node turns into DDEATH. */
export function stateMessage({ device, state, reason, at }: DeviceStatus): Message {
  return {
    topic: device,
    payload: { device, state, at, ...(reason === "" ? {} : { reason }) },
    death: state === "offline",
  } as unknown as Message;
}
