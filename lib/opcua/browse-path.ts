import type { RelativePath } from "node-opcua";
import type { Opcua } from "./load.ts";
import { stableUri } from "./node-id.ts";

/** One step down a browse path. */
export interface PathStep {
  /** `/` follows every hierarchical reference, `.` only those to components and properties. */
  readonly reference: "/" | ".";
  /** Index or URI of the BrowseName's namespace; 0 where the path names none. */
  readonly namespace: number | string;
  readonly name: string;
}

const HIERARCHICAL_REFERENCES = "i=33";
const AGGREGATES = "i=44";
/** Characters that mean something in a path and stand for themselves after `&` (OPC 10000-4 A.2). */
const RESERVED = /[/.<>:#!&]/g;
const STEP = /([/.])(?:nsu=([^;]+);|(\d+):)?((?:&.|[^/.<>&])+)/gsy;

/** True where an address is a browse path and no NodeId. */
export function isBrowsePath(address: string): boolean {
  return /^[/.]/.test(address.trim());
}

/**
 * Reads a browse path: `/Objects/2:Line/2:Press.2:Speed`, or with namespaces by URI `/Objects/nsu=urn:plant;Line`.
 * Without a namespace a name is one of the standard's; `&` before a reserved character takes it as it is.
 * @returns its steps, or the sentence why it is none
 */
export function parseBrowsePath(path: string): PathStep[] | string {
  const text = path.trim();
  const steps: PathStep[] = [];
  STEP.lastIndex = 0;
  let at = 0;
  for (let match = STEP.exec(text); match !== null; match = STEP.exec(text)) {
    const [, reference, uri, index, name] = match;
    steps.push({
      reference: reference as "/" | ".",
      namespace: uri ?? Number(index ?? 0),
      name: name!.replace(/&(.)/gs, "$1"),
    });
    at = STEP.lastIndex;
  }
  if (steps.length === 0) return "is no browse path like /Objects/2:Line/2:Speed";
  if (at < text.length) return `cannot be read from "${text.slice(at, at + 20)}" on`;
  return steps;
}

/** A step as text, its namespace by URI where that is the name that lasts. */
export function formatStep(
  name: string,
  namespaceIndex: number,
  namespaces: readonly string[],
  reference: "/" | "." = "/",
): string {
  const uri = stableUri(namespaceIndex, namespaces);
  const namespace = uri !== undefined ? `nsu=${uri};` : namespaceIndex === 0 ? "" : `${namespaceIndex}:`;
  return `${reference}${namespace}${name.replace(RESERVED, "&$&")}`;
}

/**
 * A path as the server takes it.
 * @returns the sentence why not, where the server lacks a namespace
 */
export function relativePath(
  opcua: Opcua,
  steps: readonly PathStep[],
  namespaces: readonly string[],
): RelativePath | string {
  const elements = [];
  for (const { reference, namespace, name } of steps) {
    const namespaceIndex = typeof namespace === "number" ? namespace : namespaces.indexOf(namespace);
    if (namespaceIndex < 0) return `the server has no namespace ${namespace}`;
    elements.push({
      referenceTypeId: opcua.resolveNodeId(reference === "/" ? HIERARCHICAL_REFERENCES : AGGREGATES),
      isInverse: false,
      includeSubtypes: true,
      targetName: { namespaceIndex, name },
    });
  }
  return new opcua.RelativePath({ elements });
}
