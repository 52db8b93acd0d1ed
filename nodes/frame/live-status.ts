import type { NodeContext } from "./define.ts";
import type { StatusState } from "./status.ts";

const PERIOD_MS = 1000;

/** Counts events and says how many a second came since it was last asked. */
export class Rate {
  #count = 0;
  #since = performance.now();

  add(count: number): void {
    this.#count += count;
  }

  perSecond(): number {
    const now = performance.now();
    const rate = (this.#count * 1000) / Math.max(1, now - this.#since);
    this.#count = 0;
    this.#since = now;
    return rate;
  }
}

/** Asks once a second how a node is doing and shows it; returns what stops that. */
export function liveStatus(node: NodeContext<unknown>, ask: () => [StatusState, string]): () => void {
  const show = (): void => {
    const [state, text] = ask();
    node.status(state, text);
  };
  show();
  const timer = setInterval(show, PERIOD_MS);
  return () => clearInterval(timer);
}

/** A count as people read it in a status: `950`, `2,400`, `12k`, `1.2 M`. */
export function amount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(count >= 1e8 ? 0 : 1)} M`;
  if (count >= 10_000) return `${Math.round(count / 1000)}k`;
  return Math.round(count).toLocaleString("en");
}
