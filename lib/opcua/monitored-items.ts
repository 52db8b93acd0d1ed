import type {
  ClientSession,
  CreateMonitoredItemsResponse,
  DataChangeFilter,
  DeleteMonitoredItemsResponse,
  ModifyMonitoredItemsResponse,
} from "node-opcua";
import type { BatchSize } from "./batch-size.ts";
import type { DescribedTag } from "./described-tags.ts";
import type { HandleTable } from "./data-change.ts";
import type { EnumTexts } from "./enumeration.ts";
import { perform } from "./internals.ts";
import type { Opcua } from "./load.ts";
import type { StructureTypes } from "./structure.ts";
import type { Tag } from "./tag.ts";

/** What is asked of the server for one item. */
export interface ItemRequest {
  readonly samplingMs: number;
  readonly queueSize: number;
  readonly deadband?: number;
  readonly deadbandPercent?: number;
  readonly trigger?: Tag["trigger"];
}

/** A monitored item as it is on the server. */
export interface MonitoredItem {
  readonly key: string;
  /** Client handle: names the item in every notification. */
  readonly handle: number;
  readonly tag: Tag;
  readonly asked: ItemRequest;
  readonly id: number;
  readonly samplingMs: number;
  readonly queueSize: number;
  /** The server knows no filters, or not this one: every change comes. */
  readonly unfiltered: boolean;
}

/** An item to make. */
export interface WantedItem extends DescribedTag {
  readonly asked: ItemRequest;
}

/** Where the items are. */
export interface ItemPlace {
  readonly opcua: Opcua;
  readonly session: ClientSession;
  readonly subscriptionId: number;
  readonly batch: BatchSize;
}

/** A queue beyond this is asked of no server by itself; a tag may name a larger one. */
const LONGEST_QUEUE = 1_000;
/** A tag sampled as fast as the server can is taken to change at least so often. */
const FAST_CHANGE_MS = 100;
/** Answers that mean: without the filter it would have worked. */
const FILTER_REFUSED =
  /BadMonitoredItemFilterUnsupported|BadMonitoredItemFilterInvalid|BadFilterNotAllowed|BadDeadbandFilterInvalid/;

/** Name of a tag within its reader. */
export function tagKey({ device, metric }: Pick<Tag, "device" | "metric">): string {
  return `${device}/${metric}`;
}

/** The monitored items of one subscription by client handle. It gives no handle twice: late values find nobody. */
export class MonitoredItems implements HandleTable {
  readonly signals: number[] = [];
  readonly texts: (EnumTexts | undefined)[] = [];
  structures: StructureTypes | undefined;
  readonly #items = new Map<string, MonitoredItem>();

  get size(): number {
    return this.#items.size;
  }

  get(key: string): MonitoredItem | undefined {
    return this.#items.get(key);
  }

  all(): Iterable<MonitoredItem> {
    return this.#items.values();
  }

  /** Takes in an item that is on the server already. */
  adopt(item: MonitoredItem, signal: number, texts?: EnumTexts): void {
    while (this.signals.length <= item.handle) {
      this.signals.push(-1);
      this.texts.push(undefined);
    }
    this.signals[item.handle] = signal;
    this.texts[item.handle] = texts;
    this.#items.set(item.key, item);
  }

  /** Forgets all: the subscription is gone, and hands nothing on any more. The next one gives handles from 0 again. */
  clear(): void {
    this.#items.clear();
    this.signals.length = 0;
    this.texts.length = 0;
    this.structures = undefined;
  }

  /**
   * Makes items; one whose filter the server refuses is made without.
   * @param refused told with the StatusCode of each that cannot be made
   * @throws Error of node-opcua
   */
  async create(
    place: ItemPlace,
    wanted: readonly WantedItem[],
    refused: (item: WantedItem, reason: string) => void,
  ): Promise<void> {
    const unfilterable: WantedItem[] = [];
    await this.#make(place, wanted, true, (item, reason) => {
      if (FILTER_REFUSED.test(reason) && isFiltered(item.asked)) unfilterable.push(item);
      else refused(item, reason);
    });
    if (unfilterable.length > 0) await this.#make(place, unfilterable, false, refused);
  }

  async #make(
    { opcua, session, subscriptionId, batch }: ItemPlace,
    wanted: readonly WantedItem[],
    withFilter: boolean,
    refused: (item: WantedItem, reason: string) => void,
  ): Promise<void> {
    await batch.run(wanted, async (part) => {
      const handles = part.map(({ signal, texts }) => {
        this.texts.push(texts);
        return this.signals.push(signal) - 1;
      });
      const response = await perform<CreateMonitoredItemsResponse>(
        session,
        new opcua.CreateMonitoredItemsRequest({
          subscriptionId,
          timestampsToReturn: opcua.TimestampsToReturn.Both,
          itemsToCreate: part.map(({ nodeId, asked }, i) => ({
            itemToMonitor: { nodeId, attributeId: opcua.AttributeIds.Value },
            monitoringMode: opcua.MonitoringMode.Reporting,
            requestedParameters: parameters(opcua, asked, handles[i]!, withFilter),
          })),
        }),
      );
      part.forEach((item, i) => {
        const handle = handles[i]!;
        const result = response.results?.[i];
        if (result?.statusCode.isGood() !== true) {
          this.signals[handle] = -1;
          refused(item, result?.statusCode.name ?? "no result");
          return;
        }
        this.#items.set(tagKey(item.tag), {
          key: tagKey(item.tag),
          handle,
          tag: item.tag,
          asked: item.asked,
          id: result.monitoredItemId,
          samplingMs: result.revisedSamplingInterval,
          queueSize: result.revisedQueueSize,
          unfiltered: !withFilter,
        });
      });
    });
  }

  /** Gives items other parameters. @throws Error of node-opcua */
  async modify(
    { opcua, session, subscriptionId, batch }: ItemPlace,
    changes: readonly { readonly item: MonitoredItem; readonly tag: Tag; readonly asked: ItemRequest }[],
  ): Promise<void> {
    await batch.run(changes, async (part) => {
      const response = await perform<ModifyMonitoredItemsResponse>(
        session,
        new opcua.ModifyMonitoredItemsRequest({
          subscriptionId,
          timestampsToReturn: opcua.TimestampsToReturn.Both,
          itemsToModify: part.map(({ item, asked }) => ({
            monitoredItemId: item.id,
            requestedParameters: parameters(opcua, asked, item.handle, !item.unfiltered),
          })),
        }),
      );
      part.forEach(({ item, tag, asked }, i) => {
        const result = response.results?.[i];
        const { revisedSamplingInterval: samplingMs, revisedQueueSize: queueSize } = result ?? {};
        const isGood = result?.statusCode.isGood() === true;
        this.#items.set(item.key, {
          ...item,
          tag,
          asked,
          samplingMs: isGood ? samplingMs! : item.samplingMs,
          queueSize: isGood ? queueSize! : item.queueSize,
        });
      });
    });
  }

  /** Takes items away, here at once and then on the server. @throws Error of node-opcua */
  async remove({ opcua, session, subscriptionId, batch }: ItemPlace, items: readonly MonitoredItem[]): Promise<void> {
    for (const item of items) {
      this.#items.delete(item.key);
      this.signals[item.handle] = -1;
    }
    await batch.run(items, async (part) => {
      await perform<DeleteMonitoredItemsResponse>(
        session,
        new opcua.DeleteMonitoredItemsRequest({ subscriptionId, monitoredItemIds: part.map(({ id }) => id) }),
      );
    });
  }

  /** The same item under a tag whose other fields changed. */
  rename(item: MonitoredItem, tag: Tag, signal: number): void {
    this.#items.set(item.key, { ...item, tag });
    this.signals[item.handle] = signal;
  }
}

/** The item that a tag asks for: as the reader's rates say where it names none, with a queue that outlasts a lost link. */
export function itemRequest(
  { samplingMs, queueSize, deadband, deadbandPercent, trigger }: Tag,
  rates: { readonly samplingMs: number; readonly publishingMs: number; readonly queueSize: number; surviveMs: number },
): ItemRequest {
  const sampling = samplingMs ?? rates.samplingMs;
  const changes = Math.ceil(rates.surviveMs / (sampling || Math.min(rates.publishingMs, FAST_CHANGE_MS)));
  return {
    samplingMs: sampling,
    queueSize: queueSize ?? Math.max(rates.queueSize, Math.min(LONGEST_QUEUE, changes)),
    ...(deadband === undefined ? {} : { deadband }),
    ...(deadbandPercent === undefined ? {} : { deadbandPercent }),
    ...(trigger === undefined ? {} : { trigger }),
  };
}

/** True where two requests are the same. */
export function isSameRequest(a: ItemRequest, b: ItemRequest): boolean {
  return (
    a.samplingMs === b.samplingMs &&
    a.queueSize === b.queueSize &&
    a.deadband === b.deadband &&
    a.deadbandPercent === b.deadbandPercent &&
    a.trigger === b.trigger
  );
}

function isFiltered({ deadband, deadbandPercent, trigger }: ItemRequest): boolean {
  return deadband !== undefined || deadbandPercent !== undefined || trigger !== undefined;
}

function parameters(opcua: Opcua, asked: ItemRequest, clientHandle: number, withFilter: boolean) {
  return {
    clientHandle,
    samplingInterval: asked.samplingMs,
    queueSize: asked.queueSize,
    discardOldest: true,
    filter: withFilter && isFiltered(asked) ? filterOf(opcua, asked) : null,
  };
}

/** OPC 10000-4 7.22.2. */
function filterOf(opcua: Opcua, { deadband, deadbandPercent, trigger = "value" }: ItemRequest): DataChangeFilter {
  const { DeadbandType, DataChangeTrigger } = opcua;
  const triggers = {
    status: DataChangeTrigger.Status,
    value: DataChangeTrigger.StatusValue,
    timestamp: DataChangeTrigger.StatusValueTimestamp,
  };
  return new opcua.DataChangeFilter({
    trigger: triggers[trigger],
    deadbandType:
      deadband !== undefined
        ? DeadbandType.Absolute
        : deadbandPercent !== undefined
          ? DeadbandType.Percent
          : DeadbandType.None,
    deadbandValue: deadband ?? deadbandPercent ?? 0,
  });
}
