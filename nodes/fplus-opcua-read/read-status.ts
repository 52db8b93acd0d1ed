import { type DeviceStatus, worseOf } from "../../lib/gateway/index.ts";
import type { Endpoint, TagReader } from "../../lib/opcua/index.ts";
import { amount, type StatusState } from "../frame/index.ts";
import type { TagChoice } from "./tag-choice.ts";

/** What a reader's status is made of. */
export interface ReadStatusParts {
  readonly endpoint: Pick<Endpoint, "state" | "stateAge" | "reason" | "certificateDays">;
  readonly reader: Pick<TagReader, "active" | "refused" | "revised">;
  readonly choice: Pick<TagChoice, "isEmpty" | "isAsking">;
  /** Values a second. */
  readonly rate: number;
  /** Whether the table comes with a message. */
  readonly waits: boolean;
  /** The devices that are not online, of so many. */
  readonly devices: readonly DeviceStatus[];
  readonly of: number;
}

/** A certificate that ends before is shown in yellow. */
const URGENT_DAYS = 7;

/** How a reader is doing, in the words in which its second output tells the states of devices. */
export function readStatus(parts: ReadStatusParts): [StatusState, string] {
  const { endpoint, reader, choice, rate, waits, devices, of } = parts;
  if (choice.isEmpty) return waits ? ["idle", "waits for a table of tags"] : ["warning", "no tags chosen"];
  if (endpoint.state === "connecting") return ["busy", "connecting"];
  if (endpoint.state === "down")
    return ["down", `offline ${Math.round(endpoint.stateAge / 1000)} s · ${endpoint.reason}`];
  if (reader.active === 0 && reader.refused === 0) return ["busy", choice.isAsking ? "browsing" : "subscribing"];
  const flaw = flawOf(parts);
  const isUrgent = (endpoint.certificateDays ?? URGENT_DAYS) < URGENT_DAYS;
  return [
    of > 0 && devices.length === of ? "down" : devices.length > 0 || reader.refused > 0 || isUrgent ? "warning" : "up",
    `${amount(reader.active)} ${reader.active === 1 ? "tag" : "tags"} · ${amount(rate)}/s${flaw && ` · ${flaw}`}`,
  ];
}

/** What is said behind the figures: one thing, that which matters most. */
function flawOf({ endpoint: { certificateDays }, reader, devices, of }: ReadStatusParts): string {
  if (devices.length > 0) {
    const worst = devices.reduce(worseOf);
    const { length } = devices.filter(({ state }) => state === worst.state);
    if (length === of) return of === 1 ? worst.state : `all ${worst.state}`;
    return length === 1 ? `${worst.device} ${worst.state}` : `${amount(length)} ${worst.state}`;
  }
  if (reader.refused > 0) return `${reader.refused} refused`;
  if (certificateDays !== undefined)
    return certificateDays < 0 ? "certificate expired" : `certificate ${certificateDays} d`;
  return reader.revised ? "revised" : "";
}
