/** The port that OPC UA servers listen on when an address names none. */
const USUAL_PORT = "4840";
const ADDRESS = /^opc\.tcp:\/\/(\[[\da-f:.]+\]|[^/:\s]+)(?::(\d+))?(\/\S*)?$/i;

/** Whether a text is the address of an OPC UA server over TCP. */
export function isServerUrl(url: string): boolean {
  const port = ADDRESS.exec(url)?.[2];
  return ADDRESS.test(url) && (port === undefined || (Number(port) > 0 && Number(port) < 65_536));
}

/** `host:port` of a server's address, in small letters: what its certificate is remembered under. */
export function hostAndPort(url: string): string {
  const [, host = url, port = USUAL_PORT] = ADDRESS.exec(url) ?? [];
  return `${host.toLowerCase()}:${port}`;
}

/** A server's address under the host of another one. */
export function withHost(url: string, other: string): string {
  const [, host] = ADDRESS.exec(url) ?? [];
  const [, otherHost] = ADDRESS.exec(other) ?? [];
  return host === undefined || otherHost === undefined ? url : url.replace(host, otherHost);
}

/** Host and port of one address with the path of another. */
export function withPath(url: string, other: string): string {
  const [, , , path = ""] = ADDRESS.exec(other) ?? [];
  return `opc.tcp://${hostAndPort(url)}${path === "/" ? "" : path}`;
}
