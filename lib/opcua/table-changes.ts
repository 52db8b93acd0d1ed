import { isSameRequest, type ItemRequest, type MonitoredItem, type MonitoredItems, tagKey } from "./monitored-items.ts";
import type { Tag } from "./tag.ts";

/** What is to be done on the server so that its items are those of a table. */
export interface TableChanges {
  /** Items of tags that are not in the table, or have another address. */
  readonly gone: readonly MonitoredItem[];
  /** Items that are to be sampled otherwise. */
  readonly modified: readonly { readonly item: MonitoredItem; readonly tag: Tag; readonly asked: ItemRequest }[];
  /** Places in the table of tags that have no item yet. */
  readonly fresh: readonly number[];
  /** Items that stay, with the place of their tag, whose other fields may have changed. */
  readonly kept: readonly { readonly item: MonitoredItem; readonly place: number }[];
}

/** Compares a table with the items on the server. */
export function tableChanges(
  items: MonitoredItems,
  tags: readonly Tag[],
  requestFor: (tag: Tag) => ItemRequest,
): TableChanges {
  const gone = new Map(Array.from(items.all(), (item) => [item.key, item]));
  const modified: { item: MonitoredItem; tag: Tag; asked: ItemRequest }[] = [];
  const fresh: number[] = [];
  const kept: { item: MonitoredItem; place: number }[] = [];
  tags.forEach((tag, place) => {
    const item = items.get(tagKey(tag));
    if (item === undefined || item.tag.nodeId !== tag.nodeId) return void fresh.push(place);
    gone.delete(item.key);
    const asked = requestFor(tag);
    if (!isSameRequest(item.asked, asked)) modified.push({ item, tag, asked });
    kept.push({ item, place });
    return undefined;
  });
  return { gone: [...gone.values()], modified, fresh, kept };
}
