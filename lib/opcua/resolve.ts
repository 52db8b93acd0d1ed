import type { ClientSession, NodeId } from "node-opcua";
import { translatePaths } from "./attributes.ts";
import { isBrowsePath, parseBrowsePath, type PathStep, relativePath } from "./browse-path.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { indexed, namespaceUri } from "./node-id.ts";

/** Where a path begins that names no other node. */
const ROOT_FOLDER = "i=84";
/** Paths of one table whose failing step is looked for; the others are told by the server's StatusCode. */
const EXPLAINED_PATHS = 20;
/** `remainingPathIndex` of a target that the whole path leads to (OPC 10000-4 5.8.4.2). */
const WHOLE_PATH = 0xffff_ffff;

/** Why an address is refused whose namespace the server lacks. */
export const NO_NAMESPACE = "the server has no namespace of that URI";

const NO_MATCH = "the path leads nowhere (BadNoMatch)";

/** A browse path and where it begins. */
export interface PathFrom {
  /** The Root folder where left out. */
  readonly start?: NodeId;
  readonly path: string;
}

/**
 * The NodeIds that addresses stand for on this server now: `ns=2;s=…` and `nsu=uri;s=…` by the NamespaceArray, browse paths
 * by TranslateBrowsePathsToNodeIds in as few calls as the limits allow.
 * @returns one entry an address: its NodeId, or the sentence why there is none
 */
export async function resolveAddresses(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  addresses: readonly string[],
): Promise<(NodeId | string)[]> {
  const named = addresses.some((address) => address.includes("nsu="));
  const namespaces = named ? await session.readNamespaceArray() : [];
  const paths = addresses.filter(isBrowsePath).map((path) => ({ path }));
  const found = paths.length === 0 ? [] : await resolvePaths(session, limits, opcua, paths);
  let next = 0;
  return addresses.map((address) =>
    isBrowsePath(address) ? found[next++]! : resolveNodeId(opcua, address, namespaces),
  );
}

/** The NodeId that `nsu=uri;…` or `ns=2;…` is on this server now, or why it is none. */
export function resolveNodeId(opcua: Opcua, nodeId: string, namespaces: readonly string[]): NodeId | string {
  const uri = namespaceUri(nodeId);
  if (uri !== undefined && !namespaces.includes(uri)) return NO_NAMESPACE;
  return opcua.resolveNodeId(indexed(nodeId, namespaces));
}

/** Follows browse paths; for those that lead nowhere the sentence names the step that is not there. */
export async function resolvePaths(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  paths: readonly PathFrom[],
): Promise<(NodeId | string)[]> {
  const namespaces = await session.readNamespaceArray();
  const parsed = paths.map(({ path }) => parseBrowsePath(path));
  const wanted = parsed.flatMap((steps, i) => (typeof steps === "string" ? [] : [{ i, steps }]));
  const found = await translate(
    session,
    limits,
    opcua,
    namespaces,
    wanted.map(({ i, steps }) => ({ start: paths[i]!.start, steps })),
  );
  const answers: (NodeId | string)[] = parsed.map((steps) => (typeof steps === "string" ? `the path ${steps}` : ""));
  wanted.forEach(({ i }, place) => (answers[i] = found[place]!));
  const lost = wanted.filter(({ i, steps }) => answers[i] === NO_MATCH && steps.length > 1);
  for (const { i, steps } of lost.slice(0, EXPLAINED_PATHS)) {
    const { start } = paths[i]!;
    const prefixes = steps.slice(1).map((_, length) => ({ start, steps: steps.slice(0, length + 1) }));
    const there = await translate(session, limits, opcua, namespaces, prefixes);
    const reached = there.filter((answer) => typeof answer !== "string").length;
    answers[i] =
      `${stepText(steps[reached]!)} is not there below ${reached === 0 ? "the start of the path" : stepText(steps[reached - 1]!)}`;
  }
  return answers;
}

async function translate(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  namespaces: readonly string[],
  paths: readonly { readonly start: NodeId | undefined; readonly steps: readonly PathStep[] }[],
): Promise<(NodeId | string)[]> {
  const relative = paths.map(({ steps }) => relativePath(opcua, steps, namespaces));
  const request = relative.flatMap((path, i) =>
    typeof path === "string"
      ? []
      : [
          new opcua.BrowsePath({
            startingNode: paths[i]!.start ?? opcua.resolveNodeId(ROOT_FOLDER),
            relativePath: path,
          }),
        ],
  );
  const results = await translatePaths(session, limits, request);
  let next = 0;
  return relative.map((path) => {
    if (typeof path === "string") return path;
    const { statusCode, targets } = results[next++]!;
    const target = targets?.find(({ remainingPathIndex }) => remainingPathIndex === WHOLE_PATH);
    if (!statusCode.isGood() || target === undefined)
      return statusCode === opcua.StatusCodes.BadNoMatch ? NO_MATCH : `the path leads nowhere (${statusCode.name})`;
    const { identifierType, value, namespace } = target.targetId;
    return new opcua.NodeId(identifierType, value, namespace);
  });
}

function stepText({ namespace, name }: PathStep): string {
  if (namespace === 0) return name;
  return typeof namespace === "number" ? `${namespace}:${name}` : `nsu=${namespace};${name}`;
}
