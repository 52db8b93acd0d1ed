import type { ClientSession } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import type { SessionLink } from "./session-link.ts";

/** Somebody who works on an endpoint's session: told when there is one, and when it cannot be reached. */
export interface SessionUser {
  /**
   * There is a session and a connection. After a lost link it is mostly the same session as before, over a new connection:
   * what the server holds for it (subscriptions, registered nodes, continuation points) is still there.
   */
  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void>;
  disconnected(): void;
}

/** All who work on one session. */
export class SessionUsers {
  readonly #users = new Set<SessionUser>();
  readonly #failed = new WeakSet<SessionUser>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(user: SessionUser): void {
    this.#users.add(user);
  }

  delete(user: SessionUser): void {
    this.#users.delete(user);
  }

  [Symbol.iterator](): IterableIterator<SessionUser> {
    return this.#users.values();
  }

  /**
   * Gives one the session, if it is still there; what fails is reported.
   * @returns why a new session should be made; undefined where there is no reason to
   */
  async tell(user: SessionUser, { session, limits, opcua }: SessionLink): Promise<string | undefined> {
    if (!this.#users.has(user)) return undefined;
    try {
      await user.connected(session, limits, opcua);
      this.#failed.delete(user);
      return undefined;
    } catch (error) {
      this.#onError(error);
      // One that fails again on a fresh session has a problem of its own; the others keep theirs.
      if (this.#failed.has(user)) return undefined;
      this.#failed.add(user);
      return messageOf(error);
    }
  }

  disconnected(): void {
    for (const user of this.#users) user.disconnected();
  }
}
