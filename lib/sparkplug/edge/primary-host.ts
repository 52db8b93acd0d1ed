/** What a STATE message says; undefined where it is none. Version 3 JSON, and the texts of version 2. */
export function parseState(payload: Uint8Array): { online: boolean; timestamp: number } | undefined {
  const text = Buffer.from(payload).toString();
  if (text === "ONLINE" || text === "OFFLINE") return { online: text === "ONLINE", timestamp: 0 };
  try {
    const state = JSON.parse(text) as { online?: unknown; timestamp?: unknown } | null;
    if (typeof state?.online !== "boolean" || typeof state.timestamp !== "number") return undefined;
    return { online: state.online, timestamp: state.timestamp };
  } catch {
    return undefined;
  }
}

/**
 * Whether the primary host is there, by its STATE messages. One older than the last is a late arrival and is
 * ignored (Sparkplug 3.0 section 6.4.31).
 */
export class PrimaryHost {
  online = false;
  #timestamp = -1;

  /** Takes a STATE message; tells whether the answer changed. */
  update(payload: Uint8Array): boolean {
    const state = parseState(payload);
    if (state === undefined || state.timestamp < this.#timestamp) return false;
    this.#timestamp = state.timestamp;
    const changed = state.online !== this.online;
    this.online = state.online;
    return changed;
  }

  /** Without a connection nothing is known; the retained STATE tells anew. */
  forget(): void {
    this.online = false;
    this.#timestamp = -1;
  }
}
