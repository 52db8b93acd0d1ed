import { type SampleBatch, Status, ValueType } from "../../sample/index.ts";
import type { MetricHead, PayloadEncoder } from "../codec/encoder.ts";
import { qualityCode, SparkplugQuality } from "../codec/properties.ts";
import { BDSEQ_METRIC, DEVICE_REBIRTH_METRIC, HIERARCHY_METRICS, REBIRTH_METRIC } from "../control-metrics.ts";
import type { EdgeDevice } from "./metric-table.ts";
import { templateAt, type TemplateTable } from "./template-table.ts";

/**
 * NBIRTH: the number of this connection and the control that asks for a rebirth, neither with an alias; the template
 * definitions; and every metric of the node itself.
 */
export function nodeBirth(
  encoder: PayloadEncoder,
  seq: number,
  bdSeq: number,
  node: EdgeDevice,
  templates: TemplateTable,
  now: number,
): Uint8Array {
  encoder
    .begin(now, seq)
    .metric({ name: BDSEQ_METRIC }, ValueType.Int64, bdSeq, now)
    .metric({ name: REBIRTH_METRIC }, ValueType.Boolean, false, now)
    .metric({ name: "Properties/Software" }, ValueType.String, "Factory+ for Node-RED", now);
  for (const { name, value } of templates.metrics()) encoder.object({ name }, ValueType.Template, value, now);
  addMetrics(encoder, node, templates, now);
  return encoder.finish();
}

/** NDEATH, also the will: the number of the connection that died, and no seq. */
export function nodeDeath(encoder: PayloadEncoder, bdSeq: number, now: number): Uint8Array {
  return encoder.begin(now, -1).metric({ name: BDSEQ_METRIC }, ValueType.Int64, bdSeq, now).finish();
}

/** DBIRTH: every metric the device will ever send, with alias, type, last value, quality and unit. */
export function deviceBirth(
  encoder: PayloadEncoder,
  seq: number,
  device: EdgeDevice,
  templates: TemplateTable,
  now: number,
): Uint8Array {
  encoder.begin(now, seq).metric({ name: DEVICE_REBIRTH_METRIC }, ValueType.Boolean, false, now);
  device.hierarchy.slice(0, HIERARCHY_METRICS.length).forEach((level, i) => {
    encoder.metric({ name: HIERARCHY_METRICS[i]! }, ValueType.String, level, now);
  });
  addMetrics(encoder, device, templates, now);
  return encoder.finish();
}

function addMetrics(encoder: PayloadEncoder, device: EdgeDevice, templates: TemplateTable, now: number): void {
  for (const { name, alias, last, unit } of device.metrics.values()) {
    const known = last.length > 0;
    const status = known ? last.status[0]! : Status.BadWaitingForInitialData;
    const head = {
      name,
      alias,
      quality: known ? qualityCode(status) : SparkplugQuality.Stale,
      ...(unit === "" ? {} : { unit }),
    };
    if (known) addLast(encoder, head, last, templates);
    else encoder.metric(head, ValueType.Double, null, now);
  }
}

/** A last value that cannot be encoded must not keep a device from being born: the metric is, without a value. */
function addLast(encoder: PayloadEncoder, head: MetricHead, last: SampleBatch, templates: TemplateTable): void {
  const template = templateAt(last, 0);
  try {
    if (template === undefined) encoder.sample(head, last, 0);
    else encoder.object(head, ValueType.Template, templates.complete(template), last.timeMs[0]!);
  } catch {
    encoder.metric({ ...head, quality: SparkplugQuality.Bad }, last.type[0]!, null, last.timeMs[0]!);
  }
}
