import type { SessionLink } from "./session-link.ts";

/** Work on a session, one thing at a time; what was meant for a connection that is gone is left out. */
export class LinkQueue {
  #link: SessionLink | undefined;
  #work: Promise<void> = Promise.resolve();

  /** The session and its connection; undefined while there is none. */
  get link(): SessionLink | undefined {
    return this.#link;
  }

  connected(link: SessionLink): void {
    this.#link = link;
  }

  disconnected(): void {
    this.#link = undefined;
  }

  /** Resolves when the job is done or left out. @throws what the job throws */
  run(job: (link: SessionLink) => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      const link = this.#link;
      if (link !== undefined) await job(link);
    });
    this.#work = done.catch(() => undefined);
    return done;
  }
}
