/** The namespace URI of `nsu=uri;…`; undefined where a NodeId gives an index or none. */
export function namespaceUri(nodeId: string): string | undefined {
  return nodeId.startsWith("nsu=") ? nodeId.slice(4, nodeId.indexOf(";")) : undefined;
}

/** A NodeId with the index that its namespace URI has on this server now; one without a URI as it is. */
export function indexed(nodeId: string, namespaces: readonly string[]): string {
  const uri = namespaceUri(nodeId);
  return uri === undefined ? nodeId : `ns=${namespaces.indexOf(uri)};${nodeId.slice(nodeId.indexOf(";") + 1)}`;
}

/** `nsu=` in place of the index, which may be another after the server's next start. */
export function stableNodeId(nodeId: string, namespaces: readonly string[]): string {
  const match = /^ns=(\d+);(.*)$/s.exec(nodeId);
  const uri = match === null ? undefined : stableUri(Number(match[1]), namespaces);
  return uri === undefined ? nodeId : `nsu=${uri};${match![2]}`;
}

/**
 * The URI by which a namespace is best named; undefined where its index is. Index 0 is the standard's and 1 the server's own
 * on every server (OPC 10000-5 6.3.14); a URI with a semicolon could not be told from what follows it.
 */
export function stableUri(index: number, namespaces: readonly string[]): string | undefined {
  const uri = namespaces[index];
  return index < 2 || uri === undefined || uri.includes(";") ? undefined : uri;
}
