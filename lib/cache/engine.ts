/** What an engine does: texts under keys, counters, locks and messages. The cache on top of it is the same for all. */
export interface CacheEngine {
  readonly mode: "embedded" | "external";
  /** Where it is, for the health page. */
  readonly detail: string;
  open(): Promise<void>;
  read(key: string): Promise<string | undefined>;
  /** `ttlMs` 0 = no end. False where `when` forbade it. */
  write(key: string, text: string, ttlMs: number, when?: "absent" | "present"): Promise<boolean>;
  remove(keys: readonly string[]): Promise<number>;
  add(key: string, by: number, ttlMs: number): Promise<number>;
  /** Takes a lock: its fencing token, or 0 when somebody else holds it. */
  take(name: string, owner: string, ttlMs: number): Promise<number>;
  keep(name: string, owner: string, ttlMs: number): Promise<boolean>;
  free(name: string, owner: string): Promise<boolean>;
  send(channel: string, text: string): Promise<number>;
  hear(channels: readonly string[], ear: Ear): Promise<() => Promise<void>>;
  /** Values of now for the health page. */
  gauges(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Who hears texts. */
export interface Ear {
  heard(channel: string, text: string): void;
  listening?(up: boolean, error?: unknown): void;
}

/** A channel with `*`, `?` or `[`…`]` is a pattern. */
export function isPattern(channel: string): boolean {
  return /[*?[]/.test(channel);
}

/** What an entry takes in memory: bytes, about. */
export function sizeOf(text: string, key: string): number {
  return 2 * (text.length + key.length) + 64;
}
