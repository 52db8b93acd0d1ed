import type { ClientSession, NodeId, Variant } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import { readEnumerations } from "./enumeration.ts";
import type { Opcua } from "./load.ts";
import { resolveTargets } from "./target.ts";
import { type VariableType, variantFor } from "./variant.ts";

/** One variable to write. */
export interface WriteRequest {
  /** A NodeId, a browse path, or `device/metric` as a reader of the endpoint knows it. */
  readonly target: string;
  readonly value: unknown;
}

/** What became of one write. */
export interface WriteOutcome {
  readonly target: string;
  readonly nodeId: string;
  readonly ok: boolean;
  /** `Good`, or why not: the server's StatusCode by name, or our own sentence. */
  readonly status: string;
}

interface Prepared {
  readonly nodeId: NodeId;
  readonly variant: Variant;
}

/** Writes variables of an endpoint's server, in the type that the server itself gives them. */
export class Writer {
  readonly #endpoint: Endpoint;
  /** By NodeId, for as long as the session lives. */
  #types = new Map<string, VariableType>();
  #session: ClientSession | undefined;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /**
   * Writes all, in as few calls as the server's limits allow; one that cannot be written does not hold up the others.
   * @throws FplusError `opcua.unreachable` without a session, `opcua.session` where the server fails as a whole
   */
  async write(requests: readonly WriteRequest[]): Promise<WriteOutcome[]> {
    return this.#endpoint.withSession(async (session, limits, opcua) => {
      if (session !== this.#session) {
        this.#session = session;
        this.#types = new Map();
      }
      const nodeIds = await resolveTargets(
        this.#endpoint,
        session,
        limits,
        opcua,
        requests.map(({ target }) => target),
      );
      await this.#learn(session, limits, opcua, nodeIds);
      const prepared = requests.map(({ target, value }, i) => this.#prepare(opcua, target, nodeIds[i]!, value));
      const ready = prepared.filter((one): one is Prepared => typeof one !== "string");
      const statuses: string[] = [];
      for (let at = 0; at < ready.length; at += limits.nodesPerWrite) {
        const codes = await session.write(
          ready.slice(at, at + limits.nodesPerWrite).map(({ nodeId, variant }) => ({
            nodeId,
            attributeId: opcua.AttributeIds.Value,
            value: { value: variant },
          })),
        );
        statuses.push(...codes.map(({ name }) => name));
      }
      let next = 0;
      return requests.map(({ target }, i) => {
        const one = prepared[i]!;
        const status = typeof one === "string" ? one : statuses[next++]!;
        const nodeId = nodeIds[i];
        const shown = typeof nodeId === "string" || nodeId === undefined ? target : nodeId.toString();
        return { target, nodeId: shown, ok: typeof one !== "string" && status.startsWith("Good"), status };
      });
    });
  }

  /** Asks the server for the types of variables that are not known yet. */
  async #learn(
    session: ClientSession,
    limits: ServerLimits,
    opcua: Opcua,
    nodeIds: readonly (NodeId | string)[],
  ): Promise<void> {
    const unknown = [
      ...new Map(
        nodeIds
          .filter((nodeId): nodeId is NodeId => typeof nodeId !== "string" && !this.#types.has(nodeId.toString()))
          .map((nodeId) => [nodeId.toString(), nodeId]),
      ).values(),
    ];
    if (unknown.length === 0) return;
    const texts = await readEnumerations(session, limits, opcua, unknown);
    const { DataType, ValueRank } = opcua.AttributeIds;
    const ranks = await readAll(session, limits, unknown, ValueRank);
    const dataTypes = await readAll(session, limits, unknown, DataType);
    const ranges = await readRanges(session, limits, opcua, unknown);
    for (const [i, nodeId] of unknown.entries()) {
      if (typeof ranks[i] !== "number") continue;
      const named = dataTypes[i] as NodeId | undefined;
      const isBuiltIn = named?.namespace === 0 && Number(named.value) <= opcua.DataType.DiagnosticInfo;
      this.#types.set(nodeId.toString(), {
        dataType: isBuiltIn ? Number(named.value) : await session.getBuiltInDataType(nodeId),
        rank: ranks[i],
        ...(texts[i] === undefined ? {} : { texts: texts[i] }),
        ...(ranges[i] === undefined ? {} : { range: ranges[i] }),
      });
    }
  }

  #prepare(opcua: Opcua, target: string, nodeId: NodeId | string, value: unknown): Prepared | string {
    if (typeof nodeId === "string") return `${target}: ${nodeId}`;
    const type = this.#types.get(nodeId.toString());
    if (type === undefined) return "the server has no such variable";
    const variant = variantFor(opcua, type, value);
    return typeof variant === "string" ? variant : { nodeId, variant };
  }
}

/** The writes that failed, as one error that names them. */
export function writeError(failed: readonly WriteOutcome[]): FplusError {
  const shown = failed.slice(0, 3).map(({ target, status }) => `${target}: ${status}`);
  const more = failed.length > shown.length ? ` and ${failed.length - shown.length} more` : "";
  return new FplusError("opcua.write", `not written: ${shown.join("; ")}${more}`, { field: failed[0]!.target });
}

/** One attribute of many nodes; undefined where a node has none. */
async function readAll(
  session: ClientSession,
  limits: ServerLimits,
  nodes: readonly NodeId[],
  attributeId: number,
): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let at = 0; at < nodes.length; at += limits.nodesPerRead) {
    const part = nodes.slice(at, at + limits.nodesPerRead).map((nodeId) => ({ nodeId, attributeId }));
    for (const { statusCode, value } of await session.read(part)) {
      values.push(statusCode.isGood() ? ((value as Variant | undefined)?.value as unknown) : undefined);
    }
  }
  return values;
}

async function readRanges(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  nodes: readonly NodeId[],
): Promise<(readonly [number, number] | undefined)[]> {
  const targets: (NodeId | undefined)[] = [];
  for (let at = 0; at < nodes.length; at += limits.nodesPerRead) {
    const paths = nodes.slice(at, at + limits.nodesPerRead).map((node) => opcua.makeBrowsePath(node, ".EURange"));
    targets.push(...(await session.translateBrowsePath(paths)).map(({ targets: found }) => found?.[0]?.targetId));
  }
  const found = targets.filter((target) => target !== undefined);
  const values = await readAll(session, limits, found, opcua.AttributeIds.Value);
  let next = 0;
  return targets.map((target) => (target === undefined ? undefined : rangeOf(values[next++])));
}

function rangeOf(value: unknown): readonly [number, number] | undefined {
  const { low, high } = (value ?? {}) as { low?: number; high?: number };
  return typeof low === "number" && typeof high === "number" && low < high ? [low, high] : undefined;
}
