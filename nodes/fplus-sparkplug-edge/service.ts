import type { EdgeCommand, EdgeNode } from "../../lib/sparkplug/index.ts";

/** What an `fplus-sparkplug-edge` config node offers. */
export interface EdgeService {
  edge(): Promise<EdgeNode>;
  /** Hears the writes (DCMD) to devices; the returned function stops that. */
  onCommand(listen: (command: EdgeCommand) => void): () => void;
}

/** An edge node that survives redeploys; it is opened once its predecessor has given up spool and connection. */
export class SharedEdge {
  readonly #make: () => EdgeNode;
  #edge: Promise<EdgeNode> | undefined;

  constructor(make: () => EdgeNode) {
    this.#make = make;
  }

  /** Tried again at the next call where it failed: a disk that was full may have room by then. */
  open(ready: Promise<void>): Promise<EdgeNode> {
    this.#edge ??= ready
      .then(() => {
        const edge = this.#make();
        edge.start();
        return edge;
      })
      .catch((error: unknown) => {
        this.#edge = undefined;
        throw error;
      });
    return this.#edge;
  }

  async close(): Promise<void> {
    const edge = await this.#edge?.catch(() => undefined);
    await edge?.close();
  }
}
