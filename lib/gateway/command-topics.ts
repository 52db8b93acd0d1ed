import type { MqttLink } from "../broker/index.ts";
import { FplusError } from "../errors/index.ts";

/** A command for a device, as a flow gets it. */
export interface DeviceCommand {
  readonly device: string;
  /** Name of the command, or of the metric to set; `/` between levels. */
  readonly name: string;
  /** What a reply names; empty where the sender gave none. */
  readonly id: string;
  readonly args: unknown;
  /** Who sent it, by its own account. */
  readonly by: string;
}

/** What became of a command. */
export interface CommandReply {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: string;
}

const ROOT = "factory-plus/devices";
const FILTER = `${ROOT}/+/commands/#`;
const LONGEST_PAYLOAD = 64 * 1024;
/** Ids that are remembered, to carry out a message only once that MQTT delivers twice. */
const REMEMBERED = 1000;

/**
 * Commands on MQTT: `factory-plus/devices/{device}/commands/{name}` with `{ "id": …, "args": …, "by": …, "expires": … }`, or the bare
 * arguments; replies on the same topic with `/reply` behind. Retained and expired commands are dropped: nobody waits for them.
 */
export class CommandTopics {
  readonly #link: MqttLink;
  readonly #onCommand: (command: DeviceCommand) => void;
  readonly #onError: (error: FplusError) => void;
  readonly #seen = new Set<string>();
  counters = { commands: 0, expired: 0, repeated: 0, malformed: 0 };

  constructor(link: MqttLink, onCommand: (command: DeviceCommand) => void, onError: (error: FplusError) => void) {
    this.#link = link;
    this.#onCommand = onCommand;
    this.#onError = onError;
    link.subscribe(FILTER, 1, (topic, payload, retained) => this.#message(topic, payload, retained));
  }

  /** Says what became of a command. @throws FplusError `broker.offline` */
  reply({ device, name, id }: Pick<DeviceCommand, "device" | "name" | "id">, reply: CommandReply): Promise<void> {
    const topic = [ROOT, escaped(device), "commands", ...name.split("/").map(escaped), "reply"].join("/");
    return this.#link.publish(topic, JSON.stringify({ id, ...reply }), { qos: 1 });
  }

  #message(topic: string, payload: Uint8Array, retained: boolean): void {
    const levels = topic.split("/");
    if (levels.at(-1) === "reply" || levels.length < 5) return;
    try {
      const command = commandOf(levels, payload);
      if (retained || command.expires < Date.now()) this.counters.expired += 1;
      else if (this.#isRepeated(command)) this.counters.repeated += 1;
      else {
        this.counters.commands += 1;
        const { expires: _expires, ...given } = command;
        this.#onCommand(given);
      }
    } catch (error) {
      this.counters.malformed += 1;
      this.#onError(
        error instanceof FplusError
          ? error
          : new FplusError("sample.invalid", "a command that is no JSON", { field: topic, cause: error }),
      );
    }
  }

  #isRepeated({ device, name, id }: DeviceCommand): boolean {
    if (id === "") return false;
    const key = JSON.stringify([device, name, id]);
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value!);
    return false;
  }
}

function commandOf(levels: readonly string[], payload: Uint8Array): DeviceCommand & { expires: number } {
  const topic = levels.join("/");
  if (payload.length > LONGEST_PAYLOAD)
    throw new FplusError("sample.invalid", `a command of ${payload.length} bytes`, { field: topic });
  const json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as unknown;
  const isWhole = typeof json === "object" && json !== null && !Array.isArray(json) && "args" in json;
  const { id, args, by, expires } = (isWhole ? json : { args: json }) as Record<string, unknown>;
  const until = expires === undefined ? Number.POSITIVE_INFINITY : timeOf(expires);
  if (Number.isNaN(until)) throw new FplusError("sample.invalid", "expires is no time", { field: topic });
  return {
    device: decodeURIComponent(levels[2]!),
    name: levels.slice(4).map(decodeURIComponent).join("/"),
    id: typeof id === "string" || typeof id === "number" ? String(id) : "",
    args,
    by: typeof by === "string" ? by : "",
    expires: until,
  };
}

function timeOf(time: unknown): number {
  return typeof time === "number" ? time : typeof time === "string" ? Date.parse(time) : Number.NaN;
}

function escaped(level: string): string {
  return level.replace(/[/+#%]/g, encodeURIComponent).replaceAll("+", "%2B");
}
