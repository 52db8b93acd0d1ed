/**
 * Hours that a shard spans, as a server itself chooses them for samples that are kept so many days (0 = for ever). A server deletes whole
 * shards: one of a bucket that kept its samples longer would outlast the new days, and a 2.x refuses them for it.
 */
export function shardHours(days: number): number {
  if (days <= 0 || days > 180) return 168;
  return days < 2 ? 1 : 24;
}
