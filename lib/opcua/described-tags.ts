import type { NodeId } from "node-opcua";
import type { Signal } from "../sample/index.ts";
import { readDataTypes } from "./data-types.ts";
import { type EnumTexts, readEnumerations } from "./enumeration.ts";
import { resolveAddresses } from "./resolve.ts";
import type { SessionLink } from "./session-link.ts";
import { StructureTypes } from "./structure.ts";
import type { Tag } from "./tag.ts";

/** A tag with what the server says of its variable. */
export interface DescribedTag {
  readonly tag: Tag;
  /** Signal id. */
  readonly signal: number;
  readonly nodeId: NodeId;
  /** Texts of its numbers, where it is an enumeration. */
  readonly texts: EnumTexts | undefined;
}

/** How tags are looked at. */
export interface DescribeOptions {
  readonly enumTexts: boolean;
  /** Types that are known already. */
  readonly structures: StructureTypes | undefined;
  readonly onUndecoded: () => void;
  /** A tag without a node on this server, and why. */
  readonly onRefused: (tag: Tag, reason: string) => void;
}

/**
 * Finds the nodes, the texts of enumerations and the structures of some tags.
 * @param signals of the tags, in their order
 */
export async function describeTags(
  { session, limits, opcua }: SessionLink,
  tags: readonly Tag[],
  signals: readonly Signal[],
  options: DescribeOptions,
): Promise<{ tags: DescribedTag[]; structures: StructureTypes }> {
  const addresses = tags.map(({ nodeId }) => nodeId);
  const found: Omit<DescribedTag, "texts">[] = [];
  (await resolveAddresses(session, limits, opcua, addresses)).forEach((nodeId, i) => {
    const tag = tags[i]!;
    if (typeof nodeId === "string") options.onRefused(tag, nodeId);
    else found.push({ tag, nodeId, signal: signals[i]!.id });
  });
  const nodeIds = found.map(({ nodeId }) => nodeId);
  const types = await readDataTypes(session, limits, opcua, nodeIds);
  const texts = options.enumTexts ? await readEnumerations(session, limits, opcua, nodeIds, types) : [];
  const structures =
    options.structures ?? (await StructureTypes.of(session, limits, opcua, nodeIds, options.onUndecoded, types));
  return { tags: found.map((tag, i) => ({ ...tag, texts: texts[i] })), structures };
}
