import { DataType, type Namespace, OPCUACertificateManager, OPCUAServer, Variant } from "node-opcua";
import { pki } from "./rig.ts";
import type { TestContext } from "node:test";

/** A server of our own making, to be stopped within a test. */
export interface LineServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a node-opcua server whose namespaces have the given URIs in that order.
 * `fill` is given them by URI; without it each has an object `Line` with the variables `Speed` (the URI's length) and `Set.Point`.
 */
export async function startLineServer(
  t: TestContext,
  port: number,
  uris: readonly string[],
  fill: (namespace: Namespace, uri: string) => void | Promise<void> = addLine,
): Promise<LineServer> {
  const server = new OPCUAServer({
    host: "127.0.0.1",
    hostname: "127.0.0.1",
    port,
    resourcePath: "/line",
    allowAnonymous: true,
    serverCertificateManager: new OPCUACertificateManager({
      rootFolder: pki(t),
      automaticallyAcceptUnknownCertificate: true,
    }),
  });
  await server.initialize();
  const space = server.engine.addressSpace!;
  for (const uri of uris) await fill(space.registerNamespace(uri), uri);
  await server.start();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server.shutdown(0));
  t.after(stop);
  return { url: `opc.tcp://127.0.0.1:${port}/line`, stop };
}

function addLine(namespace: Namespace, uri: string): void {
  const line = namespace.addObject({ organizedBy: namespace.addressSpace.rootFolder.objects, browseName: "Line" });
  for (const browseName of ["Speed", "Set.Point"]) {
    namespace.addVariable({
      componentOf: line,
      browseName,
      dataType: DataType.Double,
      minimumSamplingInterval: 0,
      value: new Variant({ dataType: DataType.Double, value: uri.length }),
    });
  }
}
