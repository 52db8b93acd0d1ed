import { type SampleBatch, Status, ValueType } from "../../sample/index.ts";
import type { MetricHead, PayloadEncoder } from "../codec/encoder.ts";
import { qualityCode, SparkplugQuality } from "../codec/properties.ts";
import type { EdgeDevice } from "./metric-table.ts";

/** The command that asks an edge node for its births. */
export const REBIRTH_METRIC = "Node Control/Rebirth";
/** The command that asks a device for its birth. */
export const DEVICE_REBIRTH_METRIC = "Device Control/Rebirth";
/** The metric that ties a death to its birth. */
export const BDSEQ_METRIC = "bdSeq";

/** ISA-95 levels as the AMRC stack names them in births, outermost first. */
export const HIERARCHY_METRICS = ["Enterprise", "Site", "Area", "Work_Center", "Work_Unit"].map(
  (level) => `Device_Information/ISA95_Hierarchy/${level}`,
);

/** NBIRTH: the number of this connection and the control that asks for a rebirth, neither with an alias. */
export function nodeBirth(encoder: PayloadEncoder, seq: number, bdSeq: number, now: number): Uint8Array {
  return encoder
    .begin(now, seq)
    .metric({ name: BDSEQ_METRIC }, ValueType.Int64, bdSeq, now)
    .metric({ name: REBIRTH_METRIC }, ValueType.Boolean, false, now)
    .metric({ name: "Properties/Software" }, ValueType.String, "Factory+ for Node-RED", now)
    .finish();
}

/** NDEATH, also the will: the number of the connection that died, and no seq. */
export function nodeDeath(encoder: PayloadEncoder, bdSeq: number, now: number): Uint8Array {
  return encoder.begin(now, -1).metric({ name: BDSEQ_METRIC }, ValueType.Int64, bdSeq, now).finish();
}

/** DBIRTH: every metric the device will ever send, with alias, type, last value, quality and unit. */
export function deviceBirth(encoder: PayloadEncoder, seq: number, device: EdgeDevice, now: number): Uint8Array {
  encoder.begin(now, seq).metric({ name: DEVICE_REBIRTH_METRIC }, ValueType.Boolean, false, now);
  device.hierarchy.slice(0, HIERARCHY_METRICS.length).forEach((level, i) => {
    encoder.metric({ name: HIERARCHY_METRICS[i]! }, ValueType.String, level, now);
  });
  for (const { name, alias, last, unit } of device.metrics.values()) {
    const known = last.length > 0;
    const status = known ? last.status[0]! : Status.BadWaitingForInitialData;
    const head = {
      name,
      alias,
      quality: known ? qualityCode(status) : SparkplugQuality.Stale,
      ...(unit === "" ? {} : { unit }),
    };
    if (known) birthSample(encoder, head, last);
    else encoder.metric(head, ValueType.Double, null, now);
  }
  return encoder.finish();
}

/** A last value that cannot be encoded must not keep a device from being born: the metric is, without a value. */
function birthSample(encoder: PayloadEncoder, head: MetricHead, last: SampleBatch): void {
  try {
    encoder.sample(head, last, 0);
  } catch {
    encoder.metric({ ...head, quality: SparkplugQuality.Bad }, last.type[0]!, null, last.timeMs[0]!);
  }
}
