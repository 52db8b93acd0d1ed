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

/** Why one could not begin on a session, and how many times in a row. */
export interface UserFailure {
  readonly reason: string;
  readonly attempts: number;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** All who work on one session. */
export class SessionUsers {
  readonly #users = new Set<SessionUser>();
  readonly #failed = new WeakMap<SessionUser, UserFailure>();
  readonly #later = new Map<SessionUser, NodeJS.Timeout>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(user: SessionUser): void {
    this.#users.add(user);
  }

  delete(user: SessionUser): void {
    this.#users.delete(user);
    this.#forgetLater(user);
  }

  [Symbol.iterator](): IterableIterator<SessionUser> {
    return this.#users.values();
  }

  /** Gives one the session, if it is still there; what fails is reported, the same reason once. */
  async tell(user: SessionUser, { session, limits, opcua }: SessionLink): Promise<UserFailure | undefined> {
    this.#forgetLater(user);
    if (!this.#users.has(user)) return undefined;
    try {
      await user.connected(session, limits, opcua);
      this.#failed.delete(user);
      return undefined;
    } catch (error) {
      const before = this.#failed.get(user);
      const failure = { reason: messageOf(error), attempts: (before?.attempts ?? 0) + 1 };
      this.#failed.set(user, failure);
      if (failure.reason !== before?.reason) this.#onError(error);
      return failure;
    }
  }

  /** Takes the session from one that cannot begin on it, and tries again after a pause that grows with its failures. */
  tryLater(user: SessionUser, { attempts }: UserFailure, again: () => void): void {
    user.disconnected();
    this.#forgetLater(user);
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 2));
    this.#later.set(user, setTimeout(again, pause));
  }

  disconnected(): void {
    for (const user of this.#later.keys()) this.#forgetLater(user);
    for (const user of this.#users) user.disconnected();
  }

  #forgetLater(user: SessionUser): void {
    clearTimeout(this.#later.get(user));
    this.#later.delete(user);
  }
}
