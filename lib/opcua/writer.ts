import type { ClientSession, NodeId, Variant } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { batchSize } from "./batches.ts";
import type { Endpoint } from "./endpoint.ts";
import { type ServerLimits, tooLarge } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { resolveTargets } from "./target.ts";
import type { ValueShape } from "./shape.ts";
import { readValueShapes } from "./value-shape.ts";
import { variantFor } from "./variant.ts";

/** One variable to write. */
export interface WriteRequest {
  /** A NodeId, a browse path, or `device/metric` as a reader of the endpoint knows it. */
  readonly target: string;
  readonly value: unknown;
  /** Only these elements of an array: `2`, `1:3`, or one such a dimension, `0,1:2`. */
  readonly range?: string;
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
  readonly range: string | undefined;
}

const INDEX_RANGE = /^\d+(:\d+)?(,\d+(:\d+)?)*$/;

/** Writes variables of an endpoint's server, in the type that the server itself gives them. */
export class Writer {
  readonly #endpoint: Endpoint;
  /** By NodeId, for as long as the session lives. */
  #shapes = new Map<string, ValueShape>();
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
        this.#shapes = new Map();
      }
      const nodeIds = await resolveTargets(
        this.#endpoint,
        session,
        limits,
        opcua,
        requests.map(({ target }) => target),
      );
      await this.#learn(session, limits, opcua, nodeIds);
      const prepared = requests.map((request, i) => this.#prepare(opcua, limits, request, nodeIds[i]!));
      const ready = prepared.filter((one): one is Prepared => typeof one !== "string");
      const statuses: string[] = [];
      await batchSize(limits, "nodesPerWrite").run(ready, async (part) => {
        const codes = await session.write(
          part.map(({ nodeId, variant, range }) => ({
            nodeId,
            attributeId: opcua.AttributeIds.Value,
            ...(range === undefined ? {} : { indexRange: new opcua.NumericRange(range) }),
            value: { value: variant },
          })),
        );
        statuses.push(...codes.map(({ name }) => name));
      });
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
          .filter((nodeId): nodeId is NodeId => typeof nodeId !== "string" && !this.#shapes.has(nodeId.toString()))
          .map((nodeId) => [nodeId.toString(), nodeId]),
      ).values(),
    ];
    if (unknown.length === 0) return;
    const shapes = await readValueShapes(session, limits, opcua, unknown);
    unknown.forEach((nodeId, i) => {
      const shape = shapes[i];
      if (shape !== undefined) this.#shapes.set(nodeId.toString(), shape);
    });
  }

  #prepare(
    opcua: Opcua,
    limits: ServerLimits,
    { target, value, range }: WriteRequest,
    nodeId: NodeId | string,
  ): Prepared | string {
    if (typeof nodeId === "string") return `${target}: ${nodeId}`;
    const shape = this.#shapes.get(nodeId.toString());
    if (shape === undefined) return "the server has no such variable";
    if (range !== undefined && !INDEX_RANGE.test(range)) return `${range.slice(0, 60)} is no range of indexes like 1:3`;
    const variant = variantFor(opcua, range === undefined ? shape : partShape(shape, range), partValue(value, range));
    if (typeof variant === "string") return variant;
    return tooLarge(variant.value, limits) ?? { nodeId, variant, range };
  }
}

/** A part of an array has its rank; of a text or bytes, the type itself. */
function partShape(shape: ValueShape, range: string): ValueShape {
  const dimensions = range.split(",").length;
  return { ...shape, rank: shape.rank === -1 ? -1 : dimensions };
}

/** One element is written as a list of one. */
function partValue(value: unknown, range: string | undefined): unknown {
  return range !== undefined && /^\d+$/.test(range) && typeof value !== "object" ? [value] : value;
}

/** The writes that failed, as one error that names them. */
export function writeError(failed: readonly WriteOutcome[]): FplusError {
  const shown = failed.slice(0, 3).map(({ target, status }) => `${target}: ${status}`);
  const more = failed.length > shown.length ? ` and ${failed.length - shown.length} more` : "";
  return new FplusError("opcua.write", `not written: ${shown.join("; ")}${more}`, { field: failed[0]!.target });
}
