import type { Endpoint, SessionUser, Tag } from "../../lib/opcua/index.ts";
import type { Message } from "../frame/index.ts";

/** A session that comes back within this time was not away. */
const PATIENCE_MS = 1500;

/** Tells when the devices of a reader can no longer be reached, and when they can again. */
export class DeviceWatch implements SessionUser {
  readonly #endpoint: Endpoint;
  readonly #tell: (messages: Message[]) => void;
  #devices: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #away = false;

  constructor(endpoint: Endpoint, tell: (messages: Message[]) => void) {
    this.#endpoint = endpoint;
    this.#tell = tell;
  }

  follow(tags: readonly Tag[]): void {
    this.#devices = [...new Set(tags.map(({ device }) => device))];
  }

  connected(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#away) this.#say("online", "");
    this.#away = false;
    return Promise.resolve();
  }

  disconnected(): void {
    if (this.#away) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#away = true;
      this.#say("offline", this.#endpoint.reason);
    }, PATIENCE_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #say(state: "online" | "offline", reason: string): void {
    const at = Date.now();
    this.#tell(
      this.#devices.map(
        (device) =>
          ({
            topic: device,
            payload: { device, state, at, ...(reason === "" ? {} : { reason }) },
            // What a sparkplug device node turns into DDEATH.
            death: state === "offline",
          }) as unknown as Message,
      ),
    );
  }
}
