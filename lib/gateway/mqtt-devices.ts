import type { BrokerAddress, LinkFactory, MqttLink, QoS } from "../broker/index.ts";
import { FplusError } from "../errors/index.ts";
import { SampleBatch, type Signal, signals, Status, statusOf, typeOfValue, ValueType } from "../sample/index.ts";
import { type Reading, readingsOf } from "./topic-payload.ts";
import { TopicPattern } from "./topic-pattern.ts";

/** Which topics are which devices. */
export interface MqttDevicesOptions {
  /** Source of the signals: a name for this way in. */
  readonly name: string;
  readonly address: BrokerAddress;
  readonly openLink: LinkFactory;
  readonly clientId: string;
  /** See `TopicPattern`. */
  readonly topic: string;
  /** Device of topics that name none. */
  readonly device: string;
  readonly qos: QoS;
  readonly onBatch: (batch: SampleBatch) => void;
  readonly onError?: (error: unknown) => void;
}

/** Samples of several messages travel together when they come within this time. */
const GATHER_MS = 50;
const GATHER_SAMPLES = 500;
/** Topics come from the network: a client that invents names must not fill the memory. */
const MAX_SIGNALS = 20_000;

/** Turns messages on MQTT topics into samples of devices. */
export class MqttDevices {
  readonly #options: MqttDevicesOptions;
  readonly #pattern: TopicPattern;
  readonly #link: MqttLink;
  readonly #signals = new Map<string, Signal>();
  #batch = new SampleBatch(GATHER_SAMPLES);
  #timer: NodeJS.Timeout | undefined;
  counters = { messages: 0, samples: 0, malformed: 0, unmapped: 0, refused: 0 };

  /** @throws FplusError `config.invalid` naming the field */
  constructor(options: MqttDevicesOptions) {
    this.#options = options;
    this.#pattern = new TopicPattern(options.topic);
    if (/[/+#]/.test(options.device)) {
      const hint = "Give a device id without the characters / + and #.";
      throw new FplusError("config.invalid", `no id of a device: ${options.device}`, { field: "device", hint });
    }
    if (options.device === "" && !options.topic.includes("{device}")) {
      throw new FplusError("config.invalid", "the topic names no device", {
        field: "device",
        hint: "Write {device} into the topic, or give the device a name.",
      });
    }
    this.#link = options.openLink({
      address: options.address,
      clientId: options.clientId,
      onError: (error) => options.onError?.(error),
    });
    this.#link.subscribe(this.#pattern.filter, options.qos, (topic, payload, retained) =>
      this.#message(topic, payload, retained),
    );
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  start(): void {
    this.#link.start();
  }

  async close(): Promise<void> {
    await this.#link.end();
    this.#flush();
  }

  #message(topic: string, payload: Uint8Array, retained: boolean): void {
    this.counters.messages += 1;
    try {
      const match = this.#pattern.match(topic);
      const readings = match === undefined ? [] : readingsOf(payload);
      if (match === undefined) this.counters.unmapped += 1;
      else
        for (const reading of readings)
          this.#add(match.device || this.#options.device, match.metric, reading, retained);
    } catch (error) {
      this.counters.malformed += 1;
      const text = error instanceof FplusError ? error.message : String(error);
      this.#options.onError?.(new FplusError("sample.invalid", text, { field: topic, cause: error }));
    }
  }

  #add(device: string, metric: string, { path, value, timestamp, quality, unit }: Reading, retained: boolean): void {
    const name = [metric, path].filter((part) => part !== "").join("/");
    if (name === "") {
      // Neither topic nor payload says what the value is.
      this.counters.unmapped += 1;
      return;
    }
    const signal = this.#signal(device, name, unit);
    if (signal === undefined) return;
    const type =
      value instanceof Float64Array ? ValueType.DoubleArray : value === null ? signal.type : typeOfValue(value);
    if (signal.type === ValueType.Unknown) signal.type = type;
    // What the broker had kept may be of any age.
    const status =
      quality === undefined
        ? retained && timestamp === undefined
          ? Status.UncertainLastUsableValue
          : Status.Good
        : statusOf(quality);
    this.#batch.addValue(signal.id, type, value, timestamp ?? Date.now(), 0, status);
    this.counters.samples += 1;
    if (this.#batch.length >= GATHER_SAMPLES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #signal(device: string, metric: string, unit: string | undefined): Signal | undefined {
    const key = `${device}/${metric}`;
    const known = this.#signals.get(key);
    if (known !== undefined) {
      if (unit !== undefined) known.unit = unit;
      return known;
    }
    if (this.#signals.size >= MAX_SIGNALS) {
      this.counters.refused += 1;
      if (this.counters.refused === 1) {
        this.#options.onError?.(
          new FplusError("sample.too-many-signals", `more than ${MAX_SIGNALS} signals by one topic`, {
            field: this.#options.topic,
            hint: "Narrow the topic; those known already go on.",
          }),
        );
      }
      return undefined;
    }
    const signal = signals.intern({
      source: this.#options.name,
      device,
      metric,
      ...(unit === undefined ? {} : { unit }),
    });
    this.#signals.set(key, signal);
    return signal;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = new SampleBatch(Math.max(16, batch.length));
    this.#options.onBatch(batch);
  }
}
