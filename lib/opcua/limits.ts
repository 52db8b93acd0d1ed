import type { ClientSession, DataValue } from "node-opcua";
import { BatchSize } from "./batch-size.ts";

/** Limits of a server, as it states them; the usual ones where it does not. */
export interface ServerLimits {
  readonly nodesPerRead: number;
  readonly nodesPerWrite: number;
  readonly nodesPerBrowse: number;
  readonly nodesPerTranslate: number;
  readonly nodesPerHistoryRead: number;
  /** Monitored items a call. */
  readonly itemsPerCall: number;
  /** Elements of an array and bytes of a ByteString that the server takes; 0 = it does not say. */
  readonly arrayLength: number;
  readonly byteStringLength: number;
  /** Sessions the server grants in all; 0 = it does not say. */
  readonly sessions: number;
}

/** More than this in a call gains nothing, and answers grow large. */
const LARGEST_BATCH = 1000;
/** What servers take that state no limit. */
const USUAL_BATCH = 500;

/** The nodes of Server_ServerCapabilities (OPC 10000-5, 6.3.2 and 6.3.11) that state the limits. */
const LIMIT_NODES = {
  nodesPerRead: "i=11705",
  nodesPerHistoryRead: "i=12165",
  nodesPerWrite: "i=11707",
  nodesPerBrowse: "i=11710",
  nodesPerTranslate: "i=11712",
  itemsPerCall: "i=11714",
  arrayLength: "i=11702",
  byteStringLength: "i=12911",
  sessions: "i=24095",
} as const;

/**
 * Makers whose servers state nothing and take less than the usual: what is known of them (see docs/opcua-endpoint.md).
 * The pattern is held against ProductName and ManufacturerName of the server's BuildInfo.
 */
const KNOWN_SERVERS: readonly { readonly name: RegExp; readonly batch: number }[] = [{ name: /S7-?1200/i, batch: 100 }];
const BUILD_INFO = ["i=2261", "i=2263"] as const;
const VALUE_ATTRIBUTE = 13;

/** The limits before a server was asked. */
export const USUAL_LIMITS: ServerLimits = limitsFrom({}, USUAL_BATCH);

/** Why a server would not take a value for its size, often by closing the connection; undefined where it would. */
export function tooLarge(value: unknown, { arrayLength, byteStringLength }: ServerLimits): string | undefined {
  if (value instanceof Uint8Array && byteStringLength > 0 && value.length > byteStringLength)
    return `${value.length} bytes; the server takes ${byteStringLength} at most`;
  const isArray = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof Uint8Array));
  const length = isArray ? (value as ArrayLike<unknown>).length : 0;
  return arrayLength > 0 && length > arrayLength
    ? `${length} elements; the server takes arrays of ${arrayLength} at most`
    : undefined;
}

/** Reads the limits of a server. */
export async function readLimits(session: ClientSession): Promise<ServerLimits> {
  const names = Object.keys(LIMIT_NODES) as (keyof typeof LIMIT_NODES)[];
  const nodeIds = [...names.map((name) => LIMIT_NODES[name]), ...BUILD_INFO];
  const values = await readAll(session, nodeIds);
  const stated = Object.fromEntries(names.map((name, i) => [name, Number(values[i]?.value?.value) || 0]));
  const build = values.slice(names.length).map((value) => String(value.value?.value ?? ""));
  return limitsFrom(stated, usualBatch(build.join(" ")));
}

/** In one call, or in several on a server that does not take so many. */
async function readAll(session: ClientSession, nodeIds: readonly string[]): Promise<DataValue[]> {
  const values: DataValue[] = [];
  await new BatchSize(nodeIds.length).run(nodeIds, async (part) => {
    values.push(...(await session.read(part.map((nodeId) => ({ nodeId, attributeId: VALUE_ATTRIBUTE })))));
  });
  return values;
}

function usualBatch(build: string): number {
  return KNOWN_SERVERS.find(({ name }) => name.test(build))?.batch ?? USUAL_BATCH;
}

function limitsFrom(stated: Partial<Record<keyof typeof LIMIT_NODES, number>>, usual: number): ServerLimits {
  const batch = (name: keyof typeof LIMIT_NODES): number => Math.min(LARGEST_BATCH, stated[name] || usual);
  return {
    nodesPerRead: batch("nodesPerRead"),
    nodesPerWrite: batch("nodesPerWrite"),
    nodesPerBrowse: batch("nodesPerBrowse"),
    nodesPerTranslate: batch("nodesPerTranslate"),
    nodesPerHistoryRead: batch("nodesPerHistoryRead"),
    itemsPerCall: batch("itemsPerCall"),
    arrayLength: stated.arrayLength ?? 0,
    byteStringLength: stated.byteStringLength ?? 0,
    sessions: stated.sessions ?? 0,
  };
}
