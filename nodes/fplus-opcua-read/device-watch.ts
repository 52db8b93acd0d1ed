import { DeviceBoard, type DeviceStatus } from "../../lib/gateway/index.ts";
import type { Endpoint, SessionUser, Tag, TagReader } from "../../lib/opcua/index.ts";
import type { SampleBatch } from "../../lib/sample/index.ts";
import { type Message, stateMessage } from "../frame/index.ts";

/** A session that comes back within this time was not away. */
const PATIENCE_MS = 1500;
/** A server with ten thousand tags takes a while to give the first values of all. */
const FIRST_MS = 15_000;
/** When a word of the server is overdue for so long, nobody knows how its devices are. */
const OVERDUE_MS = 5_000;
const LOOK_MS = 500;

/** Tells how the devices of a reader are doing: online, stale, in error, offline, and why. */
export class DeviceWatch implements SessionUser {
  readonly #endpoint: Endpoint;
  readonly #reader: TagReader;
  readonly #board: DeviceBoard;
  readonly #timer: NodeJS.Timeout;

  /** `staleMs`: a device is stale when it gave no value for so long while others did; 0 for never. */
  constructor(endpoint: Endpoint, reader: TagReader, staleMs: number, tell: (messages: Message[]) => void) {
    this.#endpoint = endpoint;
    this.#reader = reader;
    this.#board = new DeviceBoard({
      staleMs,
      needsSiblings: true,
      patienceMs: PATIENCE_MS,
      firstMs: FIRST_MS,
      onChange: (changes) => tell(changes.map(stateMessage)),
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  follow(tags: readonly Tag[]): void {
    this.#board.follow([...new Set(tags.map(({ device }) => device))]);
  }

  samples(batch: SampleBatch): void {
    this.#board.samples(batch);
  }

  /** The devices that are not online, and how many there are in all that something was said of. */
  troubles(): { readonly devices: readonly DeviceStatus[]; readonly of: number } {
    const statuses = this.#board.statuses();
    return { devices: statuses.filter(({ state }) => state !== "online"), of: statuses.length };
  }

  connected(): Promise<void> {
    this.#board.found();
    return Promise.resolve();
  }

  disconnected(): void {
    this.#board.lost(this.#endpoint.reason);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    // A server that never answered has not been lost, but cannot be reached either.
    if (this.#endpoint.state === "down") this.#board.lost(this.#endpoint.reason);
    const { overdue } = this.#reader;
    this.#board.silent(overdue > OVERDUE_MS ? `no word of the server for ${Math.round(overdue / 1000)} s` : undefined);
    this.#board.look();
  }
}
