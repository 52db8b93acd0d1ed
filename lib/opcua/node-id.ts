/** The namespace URI of `nsu=uri;…`; undefined where a NodeId gives an index or none. */
export function namespaceUri(nodeId: string): string | undefined {
  return nodeId.startsWith("nsu=") ? nodeId.slice(4, nodeId.indexOf(";")) : undefined;
}

/** A NodeId with the index that its namespace URI has on this server now; one without a URI as it is. */
export function indexed(nodeId: string, namespaces: readonly string[]): string {
  const uri = namespaceUri(nodeId);
  return uri === undefined ? nodeId : `ns=${namespaces.indexOf(uri)};${nodeId.slice(nodeId.indexOf(";") + 1)}`;
}
