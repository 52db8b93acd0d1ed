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
