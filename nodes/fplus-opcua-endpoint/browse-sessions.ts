import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { AddressSpace, type Endpoint, type EndpointOptions } from "../../lib/opcua/index.ts";
import { connectEdited, type EditedEndpoint, optionsOfEdited } from "./edited-endpoint.ts";
import type { EndpointService } from "./service.ts";

interface BrowseSession {
  readonly space: AddressSpace;
  /** The connection that was made for this dialog; undefined where it looks through the deployed one. */
  readonly own: Endpoint | undefined;
  timer: NodeJS.Timeout | undefined;
}

const MAX_SESSIONS = 16;
/** Connections beside the deployed ones. */
const MAX_OWN = 4;
/** Between two of them. */
const PAUSE_MS = 500;
/** A dialog asks every second or two; in a tab that is not in front browsers let it ask once a minute. */
const IDLE_MS = 150_000;

/** The address spaces that open dialogs look through; one that nobody asks any more is closed. */
export class BrowseSessions {
  readonly #RED: NodeAPI;
  readonly #sessions = new Map<string, BrowseSession>();
  #lastOwn = 0;
  #connecting = 0;

  constructor(RED: NodeAPI) {
    this.#RED = RED;
  }

  /**
   * Opens the address space behind an endpoint: over its own session where it runs with just these values, else over a
   * connection of this dialog's own.
   * @returns the id by which the dialog asks on
   * @throws FplusError `opcua.unreachable`, `config.invalid`
   */
  async open(edited: EditedEndpoint): Promise<string> {
    if (this.#sessions.size >= MAX_SESSIONS)
      throw busy(`${MAX_SESSIONS} dialogs are looking through servers already; close one.`);
    const options = optionsOfEdited(this.#RED, edited);
    const deployed = this.#deployed(edited.id);
    const isSame = deployed !== undefined && sameOptions(deployed.options, options);
    const own = isSame ? undefined : await this.#connect(options);
    if (isSame && deployed.state !== "up")
      throw new FplusError("opcua.unreachable", `${options.url}: ${deployed.reason || "not connected yet"}`, {
        field: options.url,
      });
    const id = randomUUID();
    const session = { space: new AddressSpace(own ?? deployed!), own, timer: undefined };
    this.#sessions.set(id, session);
    this.#stayAwake(id, session);
    return id;
  }

  /** @throws FplusError `config.missing` where it was closed */
  get(id: string): AddressSpace {
    const session = this.#sessions.get(id);
    if (session === undefined)
      throw new FplusError("config.missing", "this view of the server was closed", {
        field: "endpoint",
        hint: "Close the tree and open it anew.",
      });
    this.#stayAwake(id, session);
    return session.space;
  }

  async close(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    clearTimeout(session.timer);
    session.space.close();
    await session.own?.close();
  }

  #stayAwake(id: string, session: BrowseSession): void {
    clearTimeout(session.timer);
    session.timer = setTimeout(() => void this.close(id).catch(() => undefined), IDLE_MS);
    session.timer.unref();
  }

  #deployed(id: string): Endpoint | undefined {
    return (this.#RED.nodes.getNode(id) as { fplusService?: EndpointService } | null)?.fplusService?.endpoint;
  }

  async #connect(options: EndpointOptions): Promise<Endpoint> {
    const own = [...this.#sessions.values()].filter((session) => session.own !== undefined).length + this.#connecting;
    if (own >= MAX_OWN || Date.now() - this.#lastOwn < PAUSE_MS)
      throw busy("Too many connections at a time; try again.");
    this.#lastOwn = Date.now();
    this.#connecting += 1;
    try {
      return await connectEdited(options);
    } finally {
      this.#connecting -= 1;
    }
  }
}

/** The name is no part of a connection. */
function sameOptions(running: object, wanted: object): boolean {
  const settings = (options: object): string =>
    JSON.stringify(
      Object.entries(options)
        .filter(([name]) => name !== "name")
        .toSorted(([a], [b]) => a.localeCompare(b)),
    );
  return settings(running) === settings(wanted);
}

function busy(text: string): FplusError {
  return new FplusError("config.invalid", text, { field: "endpoint" });
}
