import type { NodeAPI } from "node-red";
import { type BrokerAddress, openLink } from "../../lib/broker/index.ts";
import type { SampleBatch } from "../../lib/sample/index.ts";
import { checkId, HostApplication, type LifecycleEvent } from "../../lib/sparkplug/index.ts";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import { amount, defineNode, liveStatus, type Message, messagesOf, type OutputShape, Rate } from "../frame/index.ts";

interface SparkplugInConfig {
  readonly name: string;
  readonly broker: string;
  readonly host: string;
  readonly groups: string;
  readonly output: OutputShape;
}

/** A Sparkplug host application as a node: samples on the first output, births and deaths on the second. */
export default function (RED: NodeAPI): void {
  defineNode<SparkplugInConfig>(RED, "fplus-sparkplug-in", (node) => {
    const { config, plant } = node;
    const hostId = checkId(config.host, "host id");
    const address = config.broker
      ? node.service<BrokerService>(config.broker, "broker").address()
      : plant.brokerAddress();
    const groups = config.groups
      .split(",")
      .map((group) => group.trim())
      .filter((group) => group !== "");
    const lease = plant.leases.acquire(
      `sparkplug-host ${hostId}`,
      () => new SharedHost(hostId, address, groups),
      JSON.stringify([address, groups]),
    );
    const shared = lease.value;
    const rate = new Rate();
    const shape = config.output || "batch";
    shared.attach({
      onBatch(batch, topic) {
        rate.add(batch.length);
        const messages = messagesOf(batch, shape, topic);
        node.send([messages, null]);
      },
      onEvent: (event) => node.send([null, { topic: eventTopic(event), payload: event } as unknown as Message]),
      onError: (error) => node.report(error),
    });
    lease.ready.then(
      () => shared.host.start(),
      () => undefined,
    );
    const off = plant.health.add(() => shared.host.health());
    const stopStatus = liveStatus(node, () => {
      const { gauges, detail } = shared.host.health();
      if (!shared.host.connected) return ["down", detail];
      return ["up", `${gauges["devicesOnline"]} devices · ${amount(rate.perSecond())}/s`];
    });
    return {
      async close() {
        stopStatus();
        off();
        shared.detach();
        await lease.release();
      },
    };
  });
}

interface HostListener {
  onBatch(batch: SampleBatch, topic: string): void;
  onEvent(event: LifecycleEvent): void;
  onError(error: unknown): void;
}

/** Messages that arrive while a redeploy has no node to take them; beyond that the oldest go, and a rebirth repairs. */
const MAX_HELD = 1000;

/** A host application that survives redeploys: while no node listens, it holds what arrives. */
class SharedHost {
  readonly host: HostApplication;
  #listener: HostListener | undefined;
  readonly #held: ((listener: HostListener) => void)[] = [];

  constructor(hostId: string, address: BrokerAddress, groups: readonly string[]) {
    this.host = new HostApplication({
      hostId,
      groups,
      address,
      openLink,
      onBatch: (batch, topic) =>
        this.#give((to) => to.onBatch(batch, `${topic.group}/${topic.edgeNode}${topic.device && `/${topic.device}`}`)),
      onEvent: (event) => this.#give((to) => to.onEvent(event)),
      onError: (error) => this.#give((to) => to.onError(error)),
    });
  }

  attach(listener: HostListener): void {
    this.#listener = listener;
    for (const give of this.#held.splice(0)) give(listener);
  }

  detach(): void {
    this.#listener = undefined;
  }

  close(): Promise<void> {
    return this.host.close();
  }

  #give(give: (listener: HostListener) => void): void {
    if (this.#listener !== undefined) give(this.#listener);
    else if (this.#held.push(give) > MAX_HELD) this.#held.shift();
  }
}

function eventTopic(event: LifecycleEvent): string {
  return event.device === undefined ? event.node : `${event.node}/${event.device}`;
}
