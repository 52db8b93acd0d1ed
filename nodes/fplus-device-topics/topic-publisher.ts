import type { MqttLink } from "../../lib/broker/index.ts";
import { isHistorical, plainSample, type SampleBatch, signals } from "../../lib/sample/index.ts";

const ROOT = "factory-plus/devices";
const MAX_IN_FLIGHT = 200;

/**
 * Values in the owner's topic tree, `{id}/data/{metric}`. It shows what is now, so a topic that waits holds only its newest
 * value: what was replaced is counted, and memory is bounded by the number of topics.
 */
export class TopicPublisher {
  readonly #link: MqttLink;
  readonly #waiting = new Map<string, string>();
  #inFlight = 0;
  #published = 0;
  #replaced = 0;

  constructor(link: MqttLink) {
    this.#link = link;
  }

  samples(batch: SampleBatch): void {
    for (let i = 0; i < batch.length; i++) {
      if (isHistorical(batch, i)) continue;
      const { device, metric } = signals.get(batch.signal[i]!);
      const { value, timestamp, quality, unit } = plainSample(batch, i);
      this.#put(
        `${ROOT}/${topicLevel(device || "node")}/data/${metric.split("/").map(topicLevel).join("/")}`,
        JSON.stringify({ value, timestamp, quality, ...(unit === undefined ? {} : { unit }) }, exactIntegers),
      );
    }
    this.resume();
  }

  stats(): { published: number; replaced: number; waiting: number } {
    return { published: this.#published, replaced: this.#replaced, waiting: this.#waiting.size };
  }

  /** Sends what waits, as far as the connection takes it. */
  resume(): void {
    for (const [topic, payload] of this.#waiting) {
      if (!this.#link.connected || this.#inFlight >= MAX_IN_FLIGHT) return;
      this.#waiting.delete(topic);
      this.#inFlight += 1;
      this.#link.publish(topic, payload).then(
        () => {
          this.#published += 1;
          this.#done();
        },
        () => {
          // Cut off on the way: the value waits again, unless a newer one does already.
          if (!this.#waiting.has(topic)) this.#waiting.set(topic, payload);
          this.#done();
        },
      );
    }
  }

  #put(topic: string, payload: string): void {
    if (this.#waiting.delete(topic)) this.#replaced += 1;
    this.#waiting.set(topic, payload);
  }

  #done(): void {
    this.#inFlight -= 1;
    if (this.#waiting.size > 0 && this.#inFlight === 0) setImmediate(() => this.resume());
  }
}

/** Where the state of a device stands. */
export function statusTopic(device: string): string {
  return `${ROOT}/${topicLevel(device)}/status`;
}

/** One level of a topic: what MQTT reserves is escaped as in a URL. */
function topicLevel(name: string): string {
  return name.replace(/[/+#%]/g, encodeURIComponent).replaceAll("+", "%2B") || "_";
}

/** JSON has no integers beyond 2^53: they go as text rather than as another number. */
function exactIntegers(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
