import type { ClientSession, OPCUAClient } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { faultOf } from "./internals.ts";

/** Errors without an answer of the server: nothing is said about the session. */
const CONNECTION_FAULT = /connection|channel|socket|timed out|premature/i;

/** A session whose link broke, until it is taken up again on its server. */
export class ParkedSession {
  #parked: { readonly session: ClientSession; readonly url: string } | undefined;

  /** Whether there is one. */
  get waits(): boolean {
    return this.#parked !== undefined;
  }

  park(session: ClientSession, url: string): void {
    this.#parked = { session, url };
  }

  forget(): void {
    this.#parked = undefined;
  }

  /**
   * Activates it on a new connection.
   * @returns undefined where there is none, or where that server does not have it any more
   * @throws Error of node-opcua when the connection breaks meanwhile: then it is still parked
   */
  async takeUp(client: OPCUAClient, url: string): Promise<ClientSession | undefined> {
    const parked = this.#parked;
    if (parked === undefined || parked.url !== url) return undefined;
    try {
      await client.reactivateSession(parked.session);
    } catch (error) {
      if (faultOf(error) === undefined && CONNECTION_FAULT.test(messageOf(error))) throw error;
      this.#parked = undefined;
      return undefined;
    }
    this.#parked = undefined;
    return parked.session;
  }
}
