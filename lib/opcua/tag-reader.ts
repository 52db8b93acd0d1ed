import { FplusError } from "../errors/index.ts";
import type { SampleBatch } from "../sample/index.ts";
import type { SessionUser } from "./session-users.ts";
import type { Tag } from "./tag.ts";

/** Reads a table of tags, by subscription or by polling. */
export interface TagReader extends SessionUser {
  /** Tags that are read now. */
  readonly active: number;
  /** Tags that the server refused. */
  readonly refused: number;
  /** Milliseconds for which a word of the server is overdue: a value, or that there is none. */
  readonly overdue: number;
  /** Whether the server does other than was asked; `onNotice` said what. */
  readonly revised: boolean;
  /** Reads these tags from now on; what is the same as before goes on undisturbed. */
  update(tags: readonly Tag[], options: TagReaderOptions): Promise<void>;
  /** Nobody listens for a while: batches wait for the next `update`. */
  mute(): void;
  close(): Promise<void>;
}

/** What every reader is given. */
export interface TagReaderOptions {
  /** Values of an enumeration as their text, where the server has one. */
  readonly enumTexts: boolean;
  readonly onBatch: (batch: SampleBatch) => void;
  readonly onError?: (error: unknown) => void;
  /** Something worth knowing that is no failure, in a sentence. */
  readonly onNotice?: (text: string) => void;
}

/** The error that names a tag which cannot be read. */
export function refusedTag(tag: Tag, reason: string): FplusError {
  return new FplusError("opcua.node-unknown", `${tag.device}/${tag.metric} cannot be read: ${reason}`, {
    field: tag.nodeId,
    hint: "It is tried again; the other tags are read.",
  });
}
