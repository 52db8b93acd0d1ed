import { type BrokerAddress, type MqttLink, openLink } from "../../lib/broker/index.ts";
import {
  CommandTopics,
  type DeviceCommand,
  type DeviceCondition,
  deviceStatusOf,
  StatusTopics,
} from "../../lib/gateway/index.ts";
import type { Resource } from "../../lib/plant/index.ts";
import type { SampleBatch } from "../../lib/sample/index.ts";
import type { LifecycleEvent } from "../../lib/sparkplug/index.ts";
import { statusTopic, TopicPublisher } from "./topic-publisher.ts";

const STATES: Partial<Record<LifecycleEvent["kind"], DeviceCondition>> = {
  "device-online": "online",
  "device-offline": "offline",
  "device-stale": "stale",
};

/** The topic tree of one broker: values by one connection, states by theirs. It outlives a redeploy, so that no device seems to leave. */
export class TopicTree implements Resource {
  readonly values: TopicPublisher;
  readonly states: StatusTopics;
  /** Commands for devices; undefined where they are not wanted. */
  readonly commands: CommandTopics | undefined;
  readonly #link: MqttLink;
  /** Takes commands; the node of now. */
  onCommand: (command: DeviceCommand) => void = () => undefined;
  /** Hears what goes wrong; the node of now, for it comes and goes with a redeploy. */
  onError: (error: unknown) => void = () => undefined;

  constructor(address: BrokerAddress, clientId: string, wills: number, takesCommands: boolean) {
    const onError = (error: unknown): void => this.onError(error);
    this.#link = openLink({ address, clientId, onConnect: () => this.values.resume(), onError });
    this.values = new TopicPublisher(this.#link);
    this.states = new StatusTopics({ address, openLink, clientId: `${clientId}-state`, wills, onError }, statusTopic);
    this.commands = takesCommands
      ? new CommandTopics(this.#link, (command) => this.onCommand(command), onError)
      : undefined;
    this.#link.start();
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  samples(batch: SampleBatch): void {
    this.values.samples(batch);
  }

  /** A birth, a death or a gateway's word for a device; false where the payload is none of these. */
  state(payload: unknown): boolean {
    const status = deviceStatusOf(payload);
    if (status !== undefined) {
      this.states.set("gateway", status);
      return true;
    }
    if (!isLifecycle(payload)) return false;
    const { kind, device, at, reason = "" } = payload;
    const state = STATES[kind];
    if (state !== undefined && device !== undefined)
      this.states.set("host", { device, state, at, reason: state === "online" ? "" : reason });
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([this.states.close("gateway stopped"), this.#link.end()]);
  }
}

function isLifecycle(payload: unknown): payload is LifecycleEvent {
  const event = payload as Partial<LifecycleEvent> | null;
  return typeof event === "object" && typeof event?.kind === "string" && typeof event.node === "string";
}
