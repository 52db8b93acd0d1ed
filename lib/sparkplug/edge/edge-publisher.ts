import { type SampleBatch, SampleFlag } from "../../sample/index.ts";
import { PayloadEncoder } from "../codec/encoder.ts";
import { qualityCode } from "../codec/properties.ts";
import type { MessageType } from "../topic.ts";
import { deviceBirth, nodeBirth } from "./births.ts";
import type { EdgeDevice, EdgeMetric, MetricTable } from "./metric-table.ts";
import type { TemplateTable } from "./template-table.ts";

/** Hands a message to the session. */
export type Publish = (type: MessageType, payload: Uint8Array, device: string) => Promise<void>;

/** Puts the messages of an edge node together, numbers them, and knows what has been born. */
export class EdgePublisher {
  readonly #table: MetricTable;
  readonly #templates: TemplateTable;
  readonly #publish: Publish;
  readonly #onFault: (fault: unknown) => void;
  readonly #encoder = new PayloadEncoder();
  readonly #typedData: boolean;
  #seq = 0;
  counters = { published: 0, messages: 0, births: 0, unencodable: 0 };

  constructor(
    table: MetricTable,
    templates: TemplateTable,
    publish: Publish,
    onFault: (fault: unknown) => void,
    typedData: boolean,
  ) {
    this.#table = table;
    this.#templates = templates;
    this.#publish = publish;
    this.#onFault = onFault;
    this.#typedData = typedData;
  }

  /** NBIRTH, then the births of the devices that are wanted. */
  birthAll(bdSeq: number, isWanted: (device: EdgeDevice) => boolean): void {
    this.#seq = 0;
    const { node } = this.#table;
    const now = Date.now();
    void this.#send("NBIRTH", nodeBirth(this.#encoder, this.#nextSeq(), bdSeq, node, this.#templates, now));
    this.#born(node, now);
    for (const device of this.#table.devices.values()) if (isWanted(device)) this.birthDevice(device);
  }

  birthDevice(device: EdgeDevice): void {
    const now = Date.now();
    void this.#send("DBIRTH", deviceBirth(this.#encoder, this.#nextSeq(), device, this.#templates, now), device.id);
    this.#born(device, now);
  }

  /** DDEATH; its next data will bring a birth. */
  killDevice(device: EdgeDevice): void {
    if (device.bornAt === 0) return;
    void this.#send("DDEATH", this.#encoder.begin(Date.now(), this.#nextSeq()).finish(), device.id);
    unborn(device);
  }

  /** Nothing is born any more: the connection is gone, or all is to be born anew. */
  forgetBirths(): void {
    unborn(this.#table.node);
    for (const device of this.#table.devices.values()) unborn(device);
  }

  /** One NDATA or DDATA a device, in order. Metrics of devices that were removed meanwhile are left out. */
  async samples(
    batch: SampleBatch,
    metrics: readonly (EdgeMetric | undefined)[],
    aliases: Uint32Array,
    historical: boolean,
  ): Promise<void> {
    const byDevice = new Map<EdgeDevice, number[]>();
    for (let i = 0; i < batch.length; i++) {
      const device = metrics[i]?.device;
      if (device === undefined) continue;
      const indexes = byDevice.get(device);
      if (indexes === undefined) byDevice.set(device, [i]);
      else indexes.push(i);
    }
    const now = Date.now();
    const sending: Promise<void>[] = [];
    for (const [device, indexes] of byDevice) {
      this.#encoder.begin(now, this.#nextSeq(), this.#typedData);
      if (!historical && indexes.every((i) => isPlain(metrics[i]!, batch, i))) {
        this.#encoder.values(batch, indexes, aliases, (fault) => this.#unencodable(fault));
      } else for (const i of indexes) this.#addSample(metrics[i]!, batch, i, historical);
      sending.push(this.#send(device.id === "" ? "NDATA" : "DDATA", this.#encoder.finish(), device.id));
      this.counters.published += indexes.length;
    }
    await Promise.all(sending);
  }

  #addSample(metric: EdgeMetric, batch: SampleBatch, i: number, historical: boolean): void {
    const status = batch.status[i]!;
    const head = {
      alias: metric.alias,
      historical: historical || (batch.flags[i]! & SampleFlag.Historical) !== 0,
      transient: (batch.flags[i]! & SampleFlag.Transient) !== 0,
      ...(status === 0 && metric.status === 0 ? {} : { quality: qualityCode(status) }),
    };
    try {
      this.#encoder.sample(head, batch, i);
      if (!historical) metric.status = status;
    } catch (error) {
      this.#unencodable(error);
    }
  }

  /** A sample that does not fit its own type: the others of its message go without it. */
  #unencodable(fault: unknown): void {
    this.counters.unencodable += 1;
    this.#onFault(fault);
  }

  #born(device: EdgeDevice, now: number): void {
    device.bornAt = now;
    for (const metric of device.metrics.values()) {
      metric.born = true;
      metric.status = metric.last.length > 0 ? metric.last.status[0]! : metric.status;
    }
    this.counters.births += 1;
  }

  #send(type: MessageType, payload: Uint8Array, device = ""): Promise<void> {
    this.counters.messages += 1;
    return this.#publish(type, payload, device);
  }

  #nextSeq(): number {
    const seq = this.#seq;
    this.#seq = (seq + 1) & 0xff;
    return seq;
  }
}

/** A good value after a good one needs no word about its quality. */
function isPlain(metric: EdgeMetric, batch: SampleBatch, i: number): boolean {
  return batch.status[i] === 0 && metric.status === 0 && (batch.flags[i]! & ~SampleFlag.Null) === 0;
}

function unborn(device: EdgeDevice): void {
  device.bornAt = 0;
  for (const metric of device.metrics.values()) metric.born = false;
}
