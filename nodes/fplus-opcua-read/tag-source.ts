import { FplusError } from "../../lib/errors/index.ts";
import { discoverTags, type Endpoint, expandTemplates, type SessionUser, type Tag } from "../../lib/opcua/index.ts";

type Session = Parameters<SessionUser["connected"]>;

/** Whom a source of tags tells. */
export interface TagSourceListener {
  readonly onTags: (tags: readonly Tag[]) => void;
  readonly onError: (error: unknown) => void;
  readonly onNotice: (text: string) => void;
}

const LOOK_AGAIN_MS = 30_000;

/** Tags that only the server knows. It is asked at every connection, because it may have changed; what did not is read on. */
export abstract class TagSource implements SessionUser {
  readonly #endpoint: Endpoint;
  protected readonly listener: TagSourceListener;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(endpoint: Endpoint, listener: TagSourceListener) {
    this.#endpoint = endpoint;
    this.listener = listener;
  }

  protected abstract find(...session: Session): Promise<readonly Tag[]>;

  async connected(...session: Session): Promise<void> {
    const tags = await this.find(...session);
    if (tags.length > 0) this.listener.onTags(tags);
    // A server that is still building its address space has its variables later.
    else if (!this.#closed) this.#retry = setTimeout(() => this.#endpoint.restart("no variables yet"), LOOK_AGAIN_MS);
  }

  disconnected(): void {
    clearTimeout(this.#retry);
  }

  close(): void {
    this.#closed = true;
    this.disconnected();
  }
}

/** Everything the server has below a node. */
export class Discovery extends TagSource {
  readonly #root: string;
  readonly #limit: number;

  /** @param root NodeId or browse path to begin with; empty for the Objects folder */
  constructor(endpoint: Endpoint, listener: TagSourceListener, root: string, limit: number) {
    super(endpoint, listener);
    this.#root = root;
    this.#limit = limit;
  }

  protected async find(...[session, limits, opcua]: Session): Promise<readonly Tag[]> {
    const limit = this.#limit;
    const root = this.#root;
    const tags = await discoverTags(session, limits, opcua, { limit, ...(root ? { root } : {}) });
    if (tags.length === limit)
      this.listener.onNotice(`The server has ${limit} variables or more; raise the limit to read them all.`);
    if (tags.length === 0) {
      const hint = "It is looked at again.";
      const where = root || "the Objects folder";
      this.listener.onError(
        new FplusError("opcua.node-unknown", `no variables below ${where}`, { field: "root", hint }),
      );
    }
    return tags;
  }
}

/** Of what a server lacks, as much is named. */
const SHOWN_GAPS = 5;

/** A table with templates: one tag for every object of a template's type. */
export class TemplateTable extends TagSource {
  readonly #table: readonly Tag[];
  #said = "";

  constructor(endpoint: Endpoint, listener: TagSourceListener, table: readonly Tag[]) {
    super(endpoint, listener);
    this.#table = table;
  }

  protected async find(...[session, limits, opcua]: Session): Promise<readonly Tag[]> {
    const { tags, gaps } = await expandTemplates(session, limits, opcua, this.#table);
    const more = gaps.length > SHOWN_GAPS ? `; and ${gaps.length - SHOWN_GAPS} more` : "";
    const text = gaps.slice(0, SHOWN_GAPS).join("; ") + more;
    if (text !== "" && text !== this.#said) this.listener.onNotice(`Not all of the templates is there: ${text}.`);
    this.#said = text;
    return tags;
  }
}
